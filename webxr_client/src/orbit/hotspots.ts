/** Where the hotspots of a scene lie on the view, and which of them are hidden by the model. */
import { type Object3D, type PerspectiveCamera, Vector3 } from 'three'
import type { Hotspot } from '../wire'
import { isBetween, trianglesOf } from './blocking'

/** Where a hotspot lies on the view, in CSS pixels from its upper left corner; hidden when behind or outside. */
export interface HotspotPlace {
  id: string
  x_px: number
  y_px: number
  hidden: boolean
}

/** A node as it stands in the scene, and a coarse shape of it for ray tests. */
export interface Standing {
  group: Object3D
  shape: Object3D | null
}

const APART_PX = 48 // between the middles of two: as large as they are
const ROUNDS = 8 // moved away from one, a place may come near another
const NEAR_SHARE = 0.03 // a hotspot lies on or just inside the surface: this share of its distance is not hiding it

/** The point of a hotspot in the scene; null when its node is not there. */
export function findSpot(spot: Hotspot, nodes: ReadonlyMap<string, Standing>): Vector3 | null {
  const node = nodes.get(spot.node)
  return node === undefined ? null : node.group.localToWorld(new Vector3(...spot.position))
}

/** The places of all hotspots on a view of width and height in CSS pixels. */
export function placeHotspots(
  spots: readonly Hotspot[],
  nodes: ReadonlyMap<string, Standing>,
  camera: PerspectiveCamera,
  size: { width_px: number; height_px: number }
): HotspotPlace[] {
  const standing = [...nodes.values()].filter(({ group }) => group.visible)
  const places = spots.map((spot) => {
    const point = findSpot(spot, nodes)
    if (point === null || nodes.get(spot.node)?.group.visible === false) {
      return { id: spot.id, x_px: 0, y_px: 0, hidden: true }
    }
    const seen = point.clone().project(camera)
    const outside = seen.z > 1 || Math.abs(seen.x) > 1 || Math.abs(seen.y) > 1
    return {
      id: spot.id,
      x_px: Math.round(((seen.x + 1) / 2) * size.width_px),
      y_px: Math.round(((1 - seen.y) / 2) * size.height_px),
      hidden: outside || isBehind(point, camera.position, standing)
    }
  })
  keepApart(places.filter(({ hidden }) => !hidden))
  return places
}

/** Move those that lie on one another away from one another, so that a finger finds each; seen askew, any two may. */
export function keepApart(places: HotspotPlace[]): void {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, one] of places.entries()) {
      for (const other of places.slice(i + 1)) {
        const [x, y] = [other.x_px - one.x_px, other.y_px - one.y_px]
        const away_px = Math.hypot(x, y)
        if (away_px >= APART_PX) continue
        const step = (APART_PX - away_px) / 2
        const [right, down] = away_px === 0 ? [1, 0] : [x / away_px, y / away_px]
        one.x_px = Math.floor(one.x_px - right * step)
        one.y_px = Math.round(one.y_px - down * step)
        other.x_px = Math.ceil(other.x_px + right * step)
        other.y_px = Math.round(other.y_px + down * step)
      }
    }
  }
}

function isBehind(point: Vector3, eye: Vector3, standing: readonly Standing[]): boolean {
  return standing.some(({ group, shape }) => {
    if (shape === null) return false
    const [from, to] = [group.worldToLocal(eye.clone()), group.worldToLocal(point.clone())]
    return isBetween(trianglesOf(shape), from, to, 1 - NEAR_SHARE)
  })
}
