/**
 * Whether a coarse model stands between two points: any triangle will do, which is ten times cheaper than three's search
 * for all of them, and is asked for every hotspot in every frame.
 * Source: Moeller and Trumbore, "Fast, Minimum Storage Ray/Triangle Intersection", 1997.
 */
import { Matrix4, Mesh, type Object3D, Vector3 } from 'three'

/** The corners of all triangles of a model, nine numbers each, in the frame of what it hangs in. */
export type Triangles = Float32Array

const kept = new WeakMap<Object3D, Triangles>()
const FLAT = 1e-12

/** The triangles of a model as it hangs in its parent, read once. */
export function trianglesOf(model: Object3D): Triangles {
  const known = kept.get(model)
  if (known !== undefined) return known
  const corners: number[] = []
  const corner = new Vector3()
  model.updateWorldMatrix(true, true)
  const home = model.parent?.matrixWorld ?? new Matrix4()
  const back = home.clone().invert()
  model.traverse((part) => {
    if (!(part instanceof Mesh)) return
    const { index } = part.geometry
    const positions = part.geometry.getAttribute('position')
    const moved = back.clone().multiply(part.matrixWorld)
    const count = index?.count ?? positions.count
    for (let i = 0; i < count; i++) {
      corner.fromBufferAttribute(positions, index === null ? i : index.getX(i)).applyMatrix4(moved)
      corners.push(corner.x, corner.y, corner.z)
    }
  })
  const triangles = new Float32Array(corners)
  kept.set(model, triangles)
  return triangles
}

/** Whether a triangle lies between two points, at most at `share` of the way from the first to the second. */
export function isBetween(triangles: Triangles, from: Vector3, to: Vector3, share: number): boolean {
  const [dx, dy, dz] = [to.x - from.x, to.y - from.y, to.z - from.z]
  for (let i = 0; i < triangles.length; i += 9) {
    const ax = triangles[i] as number
    const ay = triangles[i + 1] as number
    const az = triangles[i + 2] as number
    const ux = (triangles[i + 3] as number) - ax
    const uy = (triangles[i + 4] as number) - ay
    const uz = (triangles[i + 5] as number) - az
    const vx = (triangles[i + 6] as number) - ax
    const vy = (triangles[i + 7] as number) - ay
    const vz = (triangles[i + 8] as number) - az
    const px = dy * vz - dz * vy
    const py = dz * vx - dx * vz
    const pz = dx * vy - dy * vx
    const volume = ux * px + uy * py + uz * pz
    if (Math.abs(volume) < FLAT) continue
    const sx = from.x - ax
    const sy = from.y - ay
    const sz = from.z - az
    const u = (sx * px + sy * py + sz * pz) / volume
    if (u < 0 || u > 1) continue
    const qx = sy * uz - sz * uy
    const qy = sz * ux - sx * uz
    const qz = sx * uy - sy * ux
    const v = (dx * qx + dy * qy + dz * qz) / volume
    if (v < 0 || u + v > 1) continue
    const along = (vx * qx + vy * qy + vz * qz) / volume
    if (along > 0 && along <= share) return true
  }
  return false
}
