/** Which of the points that can be sighted helps most. Pure. */
import { EAST, type Guess, join, NORTH, SIZE, YAW } from './belief'
import type { Estimate } from './estimator'
import { apply, at } from './matrix'
import { enOf } from './reading'
import { sightingRows } from './rows'

const SEEN_M = 30 // how far away what is drawn stands, about
const NEAREST_M = 6 // nearer, a step aside changes the direction too much
const FARTHEST_M = 120

export interface Choice {
  lat: number
  lon: number
  accuracy_m: number
}

/** The points in reach, the most helpful first, with their distance in metres. */
export function bestFirst<P extends Choice>(estimate: Estimate, points: readonly P[]): { point: P; away_m: number }[] {
  const guess = join(estimate.belief)
  const known = points.map((point) => {
    const [east_m, north_m] = enOf(estimate.frame, point)
    const away_m = Math.hypot(east_m - (guess.mean[EAST] ?? 0), north_m - (guess.mean[NORTH] ?? 0))
    return { point, away_m, left: leftAfter(guess, { east_m, north_m, accuracy_m: point.accuracy_m }) }
  })
  return known
    .filter(({ away_m }) => away_m >= NEAREST_M && away_m <= FARTHEST_M)
    .sort((a, b) => a.left - b.left)
    .map(({ point, away_m }) => ({ point, away_m }))
}

/** The squared doubt that would be left of what stands some way off, were the point sighted. */
function leftAfter(guess: Guess, mark: { east_m: number; north_m: number; accuracy_m: number }): number {
  const here = { east_m: 0, north_m: 0, at_ms: 0 }
  const [row] = sightingRows([{ mark, heading_rad: 0, from: here }], here, 0)(guess.mean)
  if (row === undefined) return Number.POSITIVE_INFINITY
  const along = apply(guess.cov, row.slope)
  const variance = along.reduce((sum, value, i) => sum + value * (row.slope[i] ?? 0), row.sigma ** 2)
  const left = (i: number): number => at(guess.cov, SIZE, i, i) - (along[i] ?? 0) ** 2 / variance
  return left(EAST) + left(NORTH) + SEEN_M ** 2 * left(YAW)
}
