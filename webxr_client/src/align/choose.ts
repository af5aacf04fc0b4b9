/** Which of the points that can be sighted helps most. Pure. */
import { EAST, type Guess, join, NORTH, type Row, SIZE, YAW } from './belief'
import type { Estimate } from './estimator'
import { apply, at, type Matrix } from './matrix'
import { enOf, uncertaintyM } from './reading'
import { sightingRows } from './rows'

const AROUND_M = 30 // how far away stands what is drawn beside the model, about
const NEAREST_M = 6 // nearer, a step aside changes the direction too much
const FARTHEST_M = 120
const SIGHTINGS = 3 // decide everything, so the first are chosen for what they give together
const SURE_M = 2 // whoever is known so well, by a sign for one, may not need a second
const CANDIDATES = 12 // of each; more would take too long to go through
const ALIKE = 0.05 // shares of doubt that differ by less come to the same

export interface Choice {
  lat: number
  lon: number
  accuracy_m: number
}

/** East and north of the visitor. */
type Away = readonly [east_m: number, north_m: number]

/**
 * The points in reach, with their distance in metres, the most helpful first: those after which, with the sightings that
 * usually follow, the place `shown` and what stands around the visitor are drawn best.
 */
export function bestFirst<P extends Choice>(
  estimate: Estimate,
  points: readonly P[],
  shown: { lat: number; lon: number }
): { point: P; away_m: number }[] {
  const guess = join(estimate.belief)
  const awayOf = (place: { lat: number; lon: number }): Away => {
    const [east_m, north_m] = enOf(estimate.frame, place)
    return [east_m - (guess.mean[EAST] ?? 0), north_m - (guess.mean[NORTH] ?? 0)]
  }
  const known = points
    .map((point) => ({ point, away_m: Math.hypot(...awayOf(point)), row: rowOf(estimate, guess, point) }))
    .filter(({ away_m }) => away_m >= NEAREST_M && away_m <= FARTHEST_M)
  const [e, n] = awayOf(shown)
  // how far away it is, is itself only known as well as the visitor's place
  const square = e * e + n * n + placeOf(guess.cov)
  const costOf = (cov: Matrix): number => leftOf(cov, [e, n], square)
  const alone = known
    .map((one) => ({ ...one, cov: after(guess.cov, one.row) }))
    .sort((a, b) => costOf(a.cov) - costOf(b.cov))
  const rows = alone.slice(0, CANDIDATES).map(({ row }) => row)
  const more = uncertaintyM(estimate) < SURE_M ? 0 : Math.max(0, SIGHTINGS - 1 - estimate.sightings.length)
  return alone
    .map(({ row, cov, ...one }) => {
      const others = rows.filter((other) => other !== row)
      return { ...one, left: Math.round(Math.log(leastLeft(cov, others, more, costOf)) / ALIKE) }
    })
    .sort((a, b) => a.left - b.left) // of those that come to the same, the one that gives most by itself stays first
    .map(({ point, away_m }) => ({ point, away_m }))
}

function rowOf({ frame }: Estimate, guess: Guess, { lat, lon, accuracy_m }: Choice): Row {
  const here = { east_m: 0, north_m: 0, at_ms: 0 }
  const [east_m, north_m] = enOf(frame, { lat, lon })
  const [row] = sightingRows(
    [{ mark: { east_m, north_m, accuracy_m }, heading_rad: 0, from: here }],
    here,
    0
  )(guess.mean)
  if (row === undefined) throw new Error('a sighting has one row')
  return row
}

/** The least that so many more sightings would leave. */
function leastLeft(cov: Matrix, rows: readonly Row[], more: number, costOf: (cov: Matrix) => number): number {
  if (more === 0 || rows.length === 0) return costOf(cov)
  const others = (row: Row): Row[] => rows.filter((other) => other !== row) // whoever sights a point twice errs the same
  return Math.min(...rows.map((row) => leastLeft(after(cov, row), others(row), more - 1, costOf)))
}

/** What is believed after one more observation. */
function after(cov: Matrix, { slope, sigma }: Row): Matrix {
  const along = apply(cov, slope)
  const variance = along.reduce((sum, value, i) => sum + value * (slope[i] ?? 0), sigma ** 2)
  return cov.map(
    (value, cell) => value - ((along[Math.floor(cell / SIZE)] ?? 0) * (along[cell % SIZE] ?? 0)) / variance
  )
}

function placeOf(cov: Matrix): number {
  return at(cov, SIZE, EAST, EAST) + at(cov, SIZE, NORTH, NORTH)
}

/** The squared doubt, as a share of how far away it stands, with which a place is drawn, and with it whatever stands around. */
function leftOf(cov: Matrix, [e, n]: Away, square: number): number {
  const yaw = at(cov, SIZE, YAW, YAW)
  // a turn moves what is e, n away by n, -e
  const together = 2 * (n * at(cov, SIZE, EAST, YAW) - e * at(cov, SIZE, NORTH, YAW))
  return (placeOf(cov) + together) / square + yaw + placeOf(cov) / AROUND_M ** 2 + yaw
}
