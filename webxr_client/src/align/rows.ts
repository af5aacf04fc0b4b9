/** What each kind of observation says of a state, as rows that lie near it. Pure. */
import { ASIDE, COMPASS, EAST, FIX_EAST, FIX_NORTH, NORTH, type Row, SIZE, wrap, YAW } from './belief'
import type { Local } from './motion'

const DEG = Math.PI / 180
const POINTING_RAD = 1 * DEG // a hand holds a ring on a point about so well
const HEADING_RAD = 6 * DEG // what a compass trembles by, beside its lasting error
const FIX_SHARE = 0.4 // of a fix's deviation that is new with each fix
const NEAREST_M = 1 // a point at one's feet has no direction

/** A point with a known place, east and north of the site's origin, and how well it is known. */
export interface Mark {
  east_m: number
  north_m: number
  accuracy_m: number
}

/** A mark seen in a direction of the tracked frame, from a place in it. */
export interface Sighting {
  mark: Mark
  heading_rad: number
  from: Local
}

function slopeOf(slopes: Partial<Record<number, number>>): number[] {
  return Array.from({ length: SIZE }, (_, i) => slopes[i] ?? 0)
}

/** A fix, east and north of the origin, with its deviation along one axis. */
export function fixRows(east_m: number, north_m: number, fix_m: number): (state: readonly number[]) => Row[] {
  const sigma = FIX_SHARE * fix_m
  const east = slopeOf({ [EAST]: 1, [FIX_EAST]: 1 })
  const north = slopeOf({ [NORTH]: 1, [FIX_NORTH]: 1 })
  return (state) => [
    { off: east_m - (state[EAST] ?? 0) - (state[FIX_EAST] ?? 0), slope: east, sigma },
    { off: north_m - (state[NORTH] ?? 0) - (state[FIX_NORTH] ?? 0), slope: north, sigma }
  ]
}

/** A compass that says which true heading a heading of the tracked frame has. */
export function headingRows(turn_rad: number): (state: readonly number[]) => Row[] {
  const slope = slopeOf({ [YAW]: 1, [COMPASS]: 1 })
  return (state) => [{ off: wrap(turn_rad - (state[YAW] ?? 0) - (state[COMPASS] ?? 0)), slope, sigma: HEADING_RAD }]
}

const SPEED_M_S = 0.5 // what a speed told by satellites may be off by, across the way
const COURSE_STAYS = Math.sqrt(3) // its error is about the same for three fixes

/** A course walked by true north, as satellites tell it, against the one of the tracked frame. */
export function courseRows(turn_rad: number, speed_m_s: number): (state: readonly number[]) => Row[] {
  const slope = slopeOf({ [YAW]: 1, [ASIDE]: 1 })
  const sigma = COURSE_STAYS * Math.atan(SPEED_M_S / speed_m_s)
  return (state) => [{ off: wrap(turn_rad - (state[YAW] ?? 0) - (state[ASIDE] ?? 0)), slope, sigma }]
}

/** Sightings made on the way to `now`; `yaw_rad_per_root_s` is how much the tracked frame turned since. */
export function sightingRows(
  sightings: readonly Sighting[],
  now: Local,
  yaw_rad_per_root_s: number
): (state: readonly number[]) => Row[] {
  return (state) => sightings.map((sighting) => sightingRow(sighting, now, yaw_rad_per_root_s, state))
}

function sightingRow(
  { mark, heading_rad, from }: Sighting,
  now: Local,
  yaw_rad_per_root_s: number,
  state: readonly number[]
): Row {
  const yaw = state[YAW] ?? 0
  const [sin, cos] = [Math.sin(yaw), Math.cos(yaw)]
  const [back_x, back_y] = [from.east_m - now.east_m, from.north_m - now.north_m]
  const [back_e, back_n] = [back_x * cos + back_y * sin, back_y * cos - back_x * sin]
  const east_m = mark.east_m - (state[EAST] ?? 0) - back_e
  const north_m = mark.north_m - (state[NORTH] ?? 0) - back_n
  const away_m = Math.max(NEAREST_M, Math.hypot(east_m, north_m))
  const square = away_m * away_m
  const since_s = Math.max(0, (now.at_ms - from.at_ms) / 1000)
  const sigma = Math.hypot(POINTING_RAD, Math.atan(mark.accuracy_m / away_m), yaw_rad_per_root_s * Math.sqrt(since_s))
  // heading = atan2(east, north) - yaw; the way back turns with yaw too
  const slope = slopeOf({
    [EAST]: -north_m / square,
    [NORTH]: east_m / square,
    [YAW]: (-north_m * back_n - east_m * back_e) / square - 1
  })
  return { off: wrap(heading_rad - (Math.atan2(east_m, north_m) - yaw)), slope, sigma }
}

/** A pose, as a sign at a surveyed spot gives it: the visitor's place and, unless null, the yaw. */
export function poseRows(
  pose: { east_m: number; north_m: number; yaw_rad: number | null },
  sigma_m: number,
  sigma_rad: number
): (state: readonly number[]) => Row[] {
  const { east_m, north_m, yaw_rad } = pose
  return (state) => {
    const place = [
      { off: east_m - (state[EAST] ?? 0), slope: slopeOf({ [EAST]: 1 }), sigma: sigma_m },
      { off: north_m - (state[NORTH] ?? 0), slope: slopeOf({ [NORTH]: 1 }), sigma: sigma_m }
    ]
    if (yaw_rad === null) return place
    return [...place, { off: wrap(yaw_rad - (state[YAW] ?? 0)), slope: slopeOf({ [YAW]: 1 }), sigma: sigma_rad }]
  }
}
