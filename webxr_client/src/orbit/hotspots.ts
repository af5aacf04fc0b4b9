/** Where the hotspots of a scene lie on the view, and which of them are hidden by the model. */
import { type Object3D, type PerspectiveCamera, Raycaster, Vector3 } from 'three'
import type { Hotspot } from '../wire'

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

const raycaster = new Raycaster()
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
  const shapes = [...nodes.values()].flatMap(({ group, shape }) => (shape !== null && group.visible ? [shape] : []))
  return spots.map((spot) => {
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
      hidden: outside || isBehind(point, camera, shapes)
    }
  })
}

function isBehind(point: Vector3, camera: PerspectiveCamera, shapes: Object3D[]): boolean {
  const ray = point.clone().sub(camera.position)
  const away_m = ray.length()
  raycaster.set(camera.position, ray.normalize())
  raycaster.far = away_m * (1 - NEAR_SHARE)
  return raycaster.intersectObjects(shapes, true).length > 0
}
