/** Where a surveyed model stands round a phone, as far as that is known. Pure; the phone's frame, y up, metres. */
import { type GeoPoint, poseInScene } from '../geo/enu'
import { rotate } from '../orbit/frame'
import type { Point3, SceneNode } from '../wire'
import { join, type Turn } from './attitude'

/** The deviations with which a model is drawn. */
export interface Doubt {
  metres: number
  degrees: number
}

export interface TruePlace {
  /** Height is left open (0): what the phone stands on is assumed elsewhere. */
  position: Point3
  turn: Turn
  doubt: Doubt
}

/** Good enough to stand over the real thing; a little worse is still left standing there, so that it does not flicker. */
const ENOUGH: Doubt = { metres: 5, degrees: 3 }
const NO_MORE: Doubt = { metres: 8, degrees: 6 }

/** The place of a node relative to `from`, and its turn, as the site is drawn in the phone's frame. */
export function truePlace(
  drawn: { yaw_rad: number; east_m: number; north_m: number },
  from: { east_m: number; north_m: number },
  doubt: Doubt,
  { node, origin }: { node: SceneNode; origin: GeoPoint }
): TruePlace {
  const { position, quaternion } = poseInScene(node.geopose, origin)
  const about: Turn = [0, Math.sin(drawn.yaw_rad / 2), 0, Math.cos(drawn.yaw_rad / 2)]
  const [x, , z] = rotate([position[0], 0, position[2]], about)
  return {
    position: [drawn.east_m - from.east_m + x, 0, z - (drawn.north_m - from.north_m)],
    turn: join(about, quaternion as unknown as Turn),
    doubt
  }
}

/** Whether a model may stand at its true place, having stood there before or not. */
export function mayOverlay({ metres, degrees }: Doubt, stood: boolean): boolean {
  const most = stood ? NO_MORE : ENOUGH
  return metres <= most.metres && degrees <= most.degrees
}
