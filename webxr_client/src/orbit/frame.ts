/** Where the camera must stand to see all of a scene. Plain numbers, y up, metres. */
import type { Point3, SceneNode } from '../wire'

/** A scene's extent: the corners of all that stands in it, their middle, and the height of the lowest. */
export interface Extent {
  corners: Point3[]
  middle: Point3
  floor_m: number
  radius_m: number
}

export interface Lens {
  /** Vertical opening in degrees, and width over height. */
  fov_deg: number
  aspect: number
}

const MARGIN = 1.08

/** The eight corners of a node's own bounds. */
export function cornersOf({ min, max }: SceneNode['bounds']): Point3[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [
    i & 1 ? max[0] : min[0],
    i & 2 ? max[1] : min[1],
    i & 4 ? max[2] : min[2]
  ])
}

/** A point turned by a unit quaternion (x, y, z, w). */
export function rotate([px, py, pz]: Point3, [x = 0, y = 0, z = 0, w = 1]: readonly number[]): Point3 {
  const tx = 2 * (y * pz - z * py)
  const ty = 2 * (z * px - x * pz)
  const tz = 2 * (x * py - y * px)
  return [px + w * tx + y * tz - z * ty, py + w * ty + z * tx - x * tz, pz + w * tz + x * ty - y * tx]
}

/** The box round points. */
export function boxOf(points: readonly Point3[]): SceneNode['bounds'] {
  const min = [0, 1, 2].map((axis) => Math.min(...points.map((point) => point[axis] ?? 0))) as Point3
  const max = [0, 1, 2].map((axis) => Math.max(...points.map((point) => point[axis] ?? 0))) as Point3
  return { min, max }
}

/** The extent of points in the scene. */
export function extentOf(points: readonly Point3[]): Extent {
  const { min: low, max: high } = boxOf(points)
  const middle: Point3 = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2]
  const radius_m = Math.hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]) / 2
  return { corners: [...points], middle, floor_m: low[1], radius_m }
}

/** The unit vector from the middle towards a camera at a compass direction (clockwise from -z) and height angle. */
export function directionOf(around_deg: number, above_deg: number): Point3 {
  const [around, above] = [(around_deg * Math.PI) / 180, (above_deg * Math.PI) / 180]
  return [Math.sin(around) * Math.cos(above), Math.sin(above), -Math.cos(around) * Math.cos(above)]
}

/** How far from the middle, in metres, a camera in a direction must stand so that every corner is in view. */
export function fitDistance(extent: Extent, direction: Point3, lens: Lens): number {
  const tall = Math.tan((lens.fov_deg * Math.PI) / 360)
  const wide = tall * lens.aspect
  const flat = Math.hypot(direction[0], direction[2]) || 1e-9
  const right: Point3 = [direction[2] / flat, 0, -direction[0] / flat]
  const up: Point3 = [(-direction[0] * direction[1]) / flat, flat, (-direction[2] * direction[1]) / flat]
  const needed = extent.corners.map((corner) => {
    const from: Point3 = [corner[0] - extent.middle[0], corner[1] - extent.middle[1], corner[2] - extent.middle[2]]
    const across = Math.max(Math.abs(dot(from, right)) / wide, Math.abs(dot(from, up)) / tall)
    return dot(from, direction) + across
  })
  return Math.max(...needed) * MARGIN
}

function dot(a: Point3, b: Point3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
