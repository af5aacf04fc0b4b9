/** A visitor who walks and sees exactly, in a tracked frame that is turned and shifted; errors are added by the tests. */

import type { Local } from '../../src/align/motion'
import type { GeoPoint } from '../../src/geo/enu'
import { geodeticToEnu } from '../../src/geo/enu'

export const ORIGIN: GeoPoint = { lat: 32.74352, lon: 129.87316, h: 34.5 }
export const DEG = Math.PI / 180
export const FRAME = { origin: ORIGIN, declination_deg: -7.78 }

/** How the tracked frame lies: true heading = its heading + yaw; its origin is at east, north. */
export interface Truth {
  yaw_deg: number
  east_m: number
  north_m: number
}

export interface Spot {
  east_m: number
  north_m: number
}

/** The place so far from the origin, by Newton's steps. */
export function placeAt({ east_m, north_m }: Spot): GeoPoint {
  let place = { ...ORIGIN }
  for (let round = 0; round < 4; round++) {
    const [east, north] = geodeticToEnu({ ...place, h: ORIGIN.h }, ORIGIN)
    place = { ...place, lat: place.lat + (north_m - north) / 110_900, lon: place.lon + (east_m - east) / 93_720 }
  }
  return place
}

/** Where a true place is in the tracked frame. */
export function localOf(truth: Truth, spot: Spot, at_s: number): Local {
  const [sin, cos] = [Math.sin(truth.yaw_deg * DEG), Math.cos(truth.yaw_deg * DEG)]
  const [east, north] = [spot.east_m - truth.east_m, spot.north_m - truth.north_m]
  return { east_m: east * cos - north * sin, north_m: east * sin + north * cos, at_ms: at_s * 1000 }
}

/** The heading in the tracked frame in which one place is seen from another. */
export function headingOf(truth: Truth, from: Spot, to: Spot): number {
  return Math.atan2(to.east_m - from.east_m, to.north_m - from.north_m) / DEG - truth.yaw_deg
}

/** A fix at a true place. */
export function fixAt(spot: Spot, at_s: number, accuracy_m = 5): GeoPoint & { accuracy_m: number; at_ms: number } {
  return { ...placeAt(spot), accuracy_m, at_ms: at_s * 1000 }
}
