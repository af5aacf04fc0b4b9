/** What happens to a belief between two observations: the visitor moves, and everything is a little less sure. Pure. */
import {
  ASIDE,
  type Belief,
  COMPASS,
  EAST,
  FIX_EAST,
  FIX_NORTH,
  type Guess,
  NORTH,
  SCALE,
  SIZE,
  wrap,
  YAW
} from './belief'
import { at, diagonal, multiply, transpose } from './matrix'

/** A place in the tracked frame in metres, its own east and north (x and -z of WebXR), at a moment. */
export interface Local {
  east_m: number
  north_m: number
  at_ms: number
}

/** How well a way is told. Deviations that grow with the root of time or of the way walked. */
export interface Odometry {
  yaw_rad_per_root_s: number
  way_m_per_root_m: number
  /** Wandering while no step is told. */
  still_m_per_root_s: number
  /** Deviation of the length told, as a share. */
  scale: number
  /** Deviation of the direction told from the one gone. */
  aside_rad: number
}

const DEG = Math.PI / 180

/** A phone that tracks its surroundings (WebXR). */
export const TRACKED: Odometry = {
  yaw_rad_per_root_s: (1.2 * DEG) / Math.sqrt(60),
  way_m_per_root_m: 0.03,
  still_m_per_root_s: 0.004,
  scale: 0.02,
  aside_rad: 0.1 * DEG
}

/** A phone that only counts steps and knows how it turns: whoever looks around does not walk where the phone points. */
export const STEPS: Odometry = {
  yaw_rad_per_root_s: (2 * DEG) / Math.sqrt(60),
  way_m_per_root_m: 0.45,
  still_m_per_root_s: 0.02,
  scale: 0.2,
  aside_rad: 15 * DEG
}

const FIX_STAYS_S = 40 // satellites' errors keep their direction for about so long
const COMPASS_STAYS_S = 300
const ASIDE_STAYS_S = 30
export const COMPASS_SIGMA = 15 * DEG

/** The belief at a later moment, after a way told in the tracked frame; fix_m is the deviation of a fix along one axis. */
export function move(belief: Belief, way: Local, passed_s: number, odometry: Odometry, fix_m: number): Belief {
  const still = way.east_m === 0 && way.north_m === 0 && passed_s === 0
  return still ? belief : belief.map((guess) => moveOne(guess, way, passed_s, odometry, fix_m))
}

function moveOne(guess: Guess, way: Local, passed_s: number, odometry: Odometry, fix_m: number): Guess {
  const yaw = guess.mean[YAW] ?? 0
  const turn = yaw + (guess.mean[ASIDE] ?? 0)
  const [sin, cos, length] = [Math.sin(turn), Math.cos(turn), 1 + (guess.mean[SCALE] ?? 0)]
  const east_m = (way.east_m * cos + way.north_m * sin) * length
  const north_m = (way.north_m * cos - way.east_m * sin) * length
  const keeps = (time_s: number): number => Math.exp(-passed_s / time_s)
  const factors = diagonal([
    1,
    1,
    1,
    keeps(FIX_STAYS_S),
    keeps(FIX_STAYS_S),
    keeps(COMPASS_STAYS_S),
    1,
    keeps(ASIDE_STAYS_S)
  ])
  for (const angle of [YAW, ASIDE]) {
    factors[EAST * SIZE + angle] = north_m
    factors[NORTH * SIZE + angle] = -east_m
  }
  factors[EAST * SIZE + SCALE] = east_m / length
  factors[NORTH * SIZE + SCALE] = north_m / length
  const mean = guess.mean.map((value, i) => value * at(factors, SIZE, i, i))
  mean[EAST] = (mean[EAST] ?? 0) + east_m
  mean[NORTH] = (mean[NORTH] ?? 0) + north_m
  mean[YAW] = wrap(yaw)
  const cov = multiply(multiply(factors, guess.cov, SIZE), transpose(factors, SIZE), SIZE)
  const wander = odometry.way_m_per_root_m ** 2 * Math.hypot(way.east_m, way.north_m)
  const place = wander + odometry.still_m_per_root_s ** 2 * passed_s
  const fix = fix_m ** 2 * (1 - keeps(FIX_STAYS_S) ** 2)
  const compass = COMPASS_SIGMA ** 2 * (1 - keeps(COMPASS_STAYS_S) ** 2)
  const aside = odometry.aside_rad ** 2 * (1 - keeps(ASIDE_STAYS_S) ** 2)
  const more = diagonal([place, place, odometry.yaw_rad_per_root_s ** 2 * passed_s, fix, fix, compass, 0, aside])
  return { ...guess, mean, cov: cov.map((value, i) => value + (more[i] ?? 0)) }
}

/** The belief with added doubt: variances of place (m²) and yaw (rad²), and of the satellites' error. */
export function doubt(belief: Belief, add: { place?: number; yaw?: number; fix?: number }): Belief {
  const more = new Array<number>(SIZE).fill(0)
  more[EAST] = add.place ?? 0
  more[NORTH] = add.place ?? 0
  more[YAW] = add.yaw ?? 0
  more[FIX_EAST] = add.fix ?? 0
  more[FIX_NORTH] = add.fix ?? 0
  more[COMPASS] = 0
  const added = diagonal(more)
  return belief.map((guess) => ({ ...guess, cov: guess.cov.map((value, i) => value + (added[i] ?? 0)) }))
}
