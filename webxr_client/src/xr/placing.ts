/** Where a model stands on the floor before a visitor. Plain numbers, y up, metres. */
import type { Point3 } from '../wire'

export interface Box {
  min: Point3
  max: Point3
}

/** Where the model's origin stands, how it is turned about the upright, and how far its face is from the viewer. */
export interface Stand {
  position: Point3
  yaw_rad: number
  distance_m: number
}

const NEAREST_M = 1
const FARTHEST_M = 8

/** How far from its face one stands well before a thing of this size, in metres. */
export function comfortableDistance({ min, max }: Box): number {
  const seen_m = Math.max(max[1] - min[1], (max[0] - min[0]) / 2)
  return Math.min(FARTHEST_M, Math.max(NEAREST_M, 0.6 * seen_m))
}

/**
 * The model at its own size, its base on the floor, its face (+z, as glTF has it) turned to the viewer, in the direction
 * of the point that was picked on the floor: there, or farther when the thing is too large to stand so near.
 */
export function standBefore(viewer: Point3, picked: Point3, box: Box): Stand {
  const [east, south] = [picked[0] - viewer[0], picked[2] - viewer[2]]
  const away_m = Math.hypot(east, south)
  const [dx, dz] = away_m > 1e-6 ? [east / away_m, south / away_m] : [0, -1]
  const distance_m = Math.max(away_m, comfortableDistance(box))
  const yaw_rad = Math.atan2(-dx, -dz)
  const sideways_m = (box.min[0] + box.max[0]) / 2
  const back_m = distance_m + box.max[2]
  return {
    position: [
      viewer[0] + dx * back_m - Math.cos(yaw_rad) * sideways_m,
      picked[1] - box.min[1],
      viewer[2] + dz * back_m + Math.sin(yaw_rad) * sideways_m
    ],
    yaw_rad,
    distance_m
  }
}

/** Whether a surface with this orientation (x, y, z, w) at this height is a floor for eyes at `eye_m`. */
export function isFloor(turn: { x: number; z: number }, height_m: number, eye_m: number): boolean {
  const upright = 1 - 2 * (turn.x * turn.x + turn.z * turn.z) // y of the surface's own y axis
  return upright > 0.9 && eye_m - height_m > 0.5
}
