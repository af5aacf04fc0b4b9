/** Where the models of a scene stand, and how it is seen at first. Pure but for `pixelRatio`; y up, metres, the first node at the origin. */
import { headingDeg, poseInScene } from '../geo/enu'
import type { Point3, SceneDocument, SceneNode } from '../wire'
import { cornersOf, type Extent, extentOf, rotate } from './frame'

/** A node, the place of its origin, and its turn as a quaternion (x, y, z, w). */
export interface Placing {
  node: SceneNode
  position: Point3
  quaternion: number[]
}

/** How much of the view the page's own words and buttons cover. */
export interface Covered {
  top_px: number
  bottom_px: number
}

/** The vertical opening of the orbit view. */
export const FOV_DEG = 40
/** How high above the ground its first look comes from, and how far beside the face of the first model: so depth is seen. */
export const FIRST_ABOVE_DEG = 14
export const FIRST_AROUND_DEG = 28
/** Walls are mostly seen at a slant. */
export const ANISOTROPY = 4
const MAX_PIXEL_RATIO = 2 // more is not seen on a phone, but costs four times the work

/** Every node at its pose. */
export function placingsOf({ nodes }: SceneDocument): Placing[] {
  const origin = nodes[0]?.geopose.position
  if (origin === undefined) return []
  return nodes.map((node) => ({ node, ...poseInScene(node.geopose, origin) }))
}

/** The extent of all that stands; null without anything. */
export function extentOfAll(placings: readonly Placing[]): Extent | null {
  const corners = placings.flatMap(({ node, position, quaternion }) =>
    cornersOf(node.bounds).map((corner): Point3 => {
      const [x, y, z] = rotate(corner, quaternion)
      return [x + position[0], y + position[1], z + position[2]]
    })
  )
  return corners.length === 0 ? null : extentOf(corners)
}

/** The compass direction from which the first model is seen from its face, clockwise from -z. */
export function facingDeg({ nodes }: SceneDocument): number {
  const first = nodes[0]
  return first === undefined ? 0 : headingDeg(first.geopose) + 180
}

/** The share of a view's height that is free of words and buttons. */
export function freeShare(height_px: number, { top_px, bottom_px }: Covered): number {
  return Math.max(height_px - top_px - bottom_px, height_px / 3) / height_px
}

/** By how many pixels the free middle lies above the middle of the view. */
export function raisedPx({ top_px, bottom_px }: Covered): number {
  return (bottom_px - top_px) / 2
}

/** The part of the orbit view's lens that sees the free middle. */
export function freeLens(aspect: number, free: number): { fov_deg: number; aspect: number } {
  const fov_deg = (2 * Math.atan(Math.tan((FOV_DEG * Math.PI) / 360) * free) * 180) / Math.PI
  return { fov_deg, aspect: aspect / free }
}

/** Device pixels to a pixel of the page, as far as it is worth drawing them. */
export function pixelRatio(): number {
  return Math.min(devicePixelRatio, MAX_PIXEL_RATIO)
}

/** What a picture takes on the graphics card, with its mipmaps. */
export function gpuBytes({ width, height }: { width: number; height: number }): number {
  return (width * height * 4 * 4) / 3
}
