/** What an estimate says: how the site lies in the tracked frame, where the visitor stands, and how sure all of it is. Pure. */
import { geodeticToEnu } from '../geo/enu'
import { EAST, join, NORTH, SIZE, wrap, YAW } from './belief'
import type { Estimate, Frame } from './estimator'
import { at } from './matrix'

const DEG = Math.PI / 180

/** East and north of a frame's origin, as if on the ground of the origin's height. */
export function enOf(frame: Frame, place: { lat: number; lon: number }): [number, number] {
  const [east_m, north_m] = geodeticToEnu({ lat: place.lat, lon: place.lon, h: frame.origin.h }, frame.origin)
  return [east_m, north_m]
}

/** The site's origin in the tracked frame, and the yaw: the angle about y (three.js) that turns the site into the frame. */
export function localFromSite({ belief, local }: Estimate): { yaw_rad: number; east_m: number; north_m: number } {
  const { mean } = join(belief)
  const yaw_rad = wrap(mean[YAW] ?? 0)
  const [sin, cos] = [Math.sin(yaw_rad), Math.cos(yaw_rad)]
  const [east, north] = [-(mean[EAST] ?? 0), -(mean[NORTH] ?? 0)]
  return {
    yaw_rad,
    east_m: (local?.east_m ?? 0) + east * cos - north * sin,
    north_m: (local?.north_m ?? 0) + east * sin + north * cos
  }
}

/** Where the visitor stands, east and north of the site's origin. */
export function placeOf({ belief }: Estimate): { east_m: number; north_m: number } {
  const { mean } = join(belief)
  return { east_m: mean[EAST] ?? 0, north_m: mean[NORTH] ?? 0 }
}

const FAR_M = 150 // errors of satellites between houses stay below

/** Whether the visitor may be at a place, for all that is known. */
export function mayBeAt(estimate: Estimate, place: { lat: number; lon: number }): boolean {
  const [east_m, north_m] = enOf(estimate.frame, place)
  const here = placeOf(estimate)
  return Math.hypot(east_m - here.east_m, north_m - here.north_m) < Math.max(FAR_M, 4 * uncertaintyM(estimate))
}

/** The radius in metres in which the visitor is with about two chances in three. */
export function uncertaintyM({ belief }: Estimate): number {
  const { cov } = join(belief)
  return Math.sqrt(at(cov, SIZE, EAST, EAST) + at(cov, SIZE, NORTH, NORTH))
}

/** The deviation of the yaw in degrees. */
export function uncertaintyDeg({ belief }: Estimate): number {
  const { cov } = join(belief)
  return Math.min(180, Math.sqrt(at(cov, SIZE, YAW, YAW)) / DEG)
}

const ASK_DEG = 3 // the error that is passed in one of twenty moments

/** Whether a place is drawn so uncertainly that another sighting would be worth its while. */
export function wantsSighting(estimate: Estimate, place: { lat: number; lon: number }): boolean {
  return 2 * drawnDoubt(estimate, place).degrees > ASK_DEG
}

/** The deviations with which a place is drawn: in metres, and in degrees of the direction in which it is seen. */
export function drawnDoubt(
  estimate: Estimate,
  place: { lat: number; lon: number }
): { metres: number; degrees: number } {
  const { mean, cov } = join(estimate.belief)
  const [east_m, north_m] = enOf(estimate.frame, place)
  const [e, n] = [east_m - (mean[EAST] ?? 0), north_m - (mean[NORTH] ?? 0)]
  const square = Math.max(1, e * e + n * n)
  const spread = (slope: [number, number, number]): number => {
    const unknowns = [EAST, NORTH, YAW]
    let sum = 0
    for (const [i, a] of slope.entries()) {
      for (const [k, b] of slope.entries()) sum += a * b * at(cov, SIZE, unknowns[i] ?? 0, unknowns[k] ?? 0)
    }
    return Math.max(0, sum)
  }
  // a turn moves what is e, n away by n, -e
  const metres = Math.sqrt(spread([1, 0, n]) + spread([0, 1, -e]))
  const degrees = Math.sqrt(spread([-n / square, e / square, -1])) / DEG
  return { metres, degrees: Math.min(180, degrees) }
}
