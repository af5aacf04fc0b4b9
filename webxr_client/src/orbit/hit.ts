/**
 * Where a ray first meets a coarse model: for choosing a point of it, or taking hold of it.
 * Source: Moeller and Trumbore, "Fast, Minimum Storage Ray/Triangle Intersection", 1997.
 */
import { Vector3 } from 'three'
import type { Triangles } from './blocking'

/** A ray: from where, and which way (of length 1). */
export interface Beam {
  from: Vector3
  along: Vector3
}

const FLAT = 1e-12

/** The distance to the nearest triangle in metres, from either side of it; null where the ray meets none. */
export function nearestHit(triangles: Triangles, { from, along }: Beam): number | null {
  const [a, u, v, p, q, s] = [new Vector3(), new Vector3(), new Vector3(), new Vector3(), new Vector3(), new Vector3()]
  let nearest: number | null = null
  for (let i = 0; i < triangles.length; i += 9) {
    a.fromArray(triangles, i)
    u.fromArray(triangles, i + 3).sub(a)
    v.fromArray(triangles, i + 6).sub(a)
    p.crossVectors(along, v)
    const volume = u.dot(p)
    if (Math.abs(volume) < FLAT) continue
    s.subVectors(from, a)
    const first = s.dot(p) / volume
    if (first < 0 || first > 1) continue
    q.crossVectors(s, u)
    const second = along.dot(q) / volume
    if (second < 0 || first + second > 1) continue
    const away = v.dot(q) / volume
    if (away > 0 && (nearest === null || away < nearest)) nearest = away
  }
  return nearest
}

/** The point of a beam at a distance. */
export function pointAlong({ from, along }: Beam, away_m: number): Vector3 {
  return along.clone().multiplyScalar(away_m).add(from)
}

/** Where a beam meets a level plane in front of it; null where it looks away or along it. */
export function onLevel({ from, along }: Beam, height_m: number): Vector3 | null {
  if (Math.abs(along.y) < 1e-6) return null
  const away = (height_m - from.y) / along.y
  return away > 0 ? pointAlong({ from, along }, away) : null
}

/** How high on an upright axis a beam passes nearest to it. */
export function heightOnAxis({ from, along }: Beam, x: number, z: number): number {
  const flat = along.x ** 2 + along.z ** 2
  const away = flat < FLAT ? 0 : ((x - from.x) * along.x + (z - from.z) * along.z) / flat
  return from.y + along.y * away
}
