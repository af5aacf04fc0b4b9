/** What of a scene lies under a finger: the nearest point of a model along a line of sight, in that model's metres. */
import { Mesh, type Object3D, type PerspectiveCamera, Points, Ray, Vector3 } from 'three'
import type { Point3 } from '../wire'
import { trianglesOf } from './blocking'

/** A model that can be picked: its frame, and the level that is on show. */
export interface Pickable {
  id: string
  group: Object3D
  level: Object3D | null
}

/** Where a line of sight meets a model. */
export interface Picked {
  node: string
  position: Point3
}

/** How far beside a line of sight, as a share of the way there, a point of a cloud still counts as being on it. */
const BESIDE = 0.012
const MILLIMETRES = 1000

/** The line of sight through a place of the view: -1 to 1 to the right and up. */
export function sightThrough(camera: PerspectiveCamera, right: number, up: number): Ray {
  camera.updateMatrixWorld()
  const from = new Vector3().setFromMatrixPosition(camera.matrixWorld)
  const to = new Vector3(right, up, 0.5).unproject(camera)
  return new Ray(from, to.sub(from).normalize())
}

/** The nearest place on any of the models along a line of sight, to a millimetre; null where none is met. */
export function pick(models: readonly Pickable[], sight: Ray): Picked | null {
  let nearest_m = Number.POSITIVE_INFINITY
  let found: Picked | null = null
  for (const { id, group, level } of models) {
    if (level === null || !group.visible) continue
    group.updateWorldMatrix(true, true)
    const own = sight.clone().applyMatrix4(group.matrixWorld.clone().invert())
    own.direction.normalize()
    const at = meetTriangles(level, own) ?? meetPoints(level, own)
    const away_m = at === null ? Number.POSITIVE_INFINITY : at.distanceTo(own.origin)
    if (at === null || away_m >= nearest_m) continue
    nearest_m = away_m
    found = { node: id, position: at.toArray().map((value) => Math.round(value * MILLIMETRES) / MILLIMETRES) as Point3 }
  }
  return found
}

function meetTriangles(level: Object3D, sight: Ray): Vector3 | null {
  const triangles = trianglesOf(level)
  const [a, b, c, at] = [new Vector3(), new Vector3(), new Vector3(), new Vector3()]
  let nearest: Vector3 | null = null
  let nearest_m = Number.POSITIVE_INFINITY
  for (let i = 0; i < triangles.length; i += 9) {
    a.fromArray(triangles, i)
    b.fromArray(triangles, i + 3)
    c.fromArray(triangles, i + 6)
    if (sight.intersectTriangle(a, b, c, false, at) === null) continue
    const away_m = at.distanceTo(sight.origin)
    if (away_m >= nearest_m) continue
    nearest_m = away_m
    nearest = at.clone()
  }
  return nearest
}

/** A cloud has no surface: of its points near the line of sight the one nearest to the eye. */
function meetPoints(level: Object3D, sight: Ray): Vector3 | null {
  const home = level.parent?.matrixWorld.clone().invert()
  const at = new Vector3()
  let nearest: Vector3 | null = null
  let nearest_m = Number.POSITIVE_INFINITY
  level.traverse((part) => {
    if (!(part instanceof Points) || part instanceof Mesh) return
    const positions = part.geometry.getAttribute('position')
    const moved = part.matrixWorld.clone()
    if (home !== undefined) moved.premultiply(home)
    for (let i = 0; i < positions.count; i++) {
      at.fromBufferAttribute(positions, i).applyMatrix4(moved)
      const along_m = at.clone().sub(sight.origin).dot(sight.direction)
      if (along_m <= 0 || along_m >= nearest_m || sight.distanceToPoint(at) > BESIDE * along_m) continue
      nearest_m = along_m
      nearest = at.clone()
    }
  })
  return nearest
}
