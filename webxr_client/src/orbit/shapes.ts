/** Simple shapes made of few triangles: what stands round a model, and what it is held by. Metres, y up. */
import {
  BufferAttribute,
  BufferGeometry,
  type Color,
  DoubleSide,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  Vector3
} from 'three'
import type { Flat } from '../surroundings'
import type { Point3 } from '../wire'

/** A mesh of loose triangles, nine numbers each, in one colour; lit ones show their edges by shade. */
export function makeMesh(triangles: readonly number[], colour: Color, lit: boolean, opacity = 1): Mesh {
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new BufferAttribute(new Float32Array(triangles), 3))
  if (lit) geometry.computeVertexNormals()
  const look = { color: colour, side: DoubleSide, transparent: opacity < 1, opacity, depthWrite: opacity === 1 }
  return new Mesh(geometry, lit ? new MeshLambertMaterial(look) : new MeshBasicMaterial({ ...look, toneMapped: false }))
}

function quad(a: Point3, b: Point3, c: Point3, d: Point3): number[] {
  return [...a, ...b, ...c, ...a, ...c, ...d]
}

/** The sides of a ring of corners, as pairs; the last leads back to the first unless it is an open line. */
function sidesOf(ring: readonly Flat[], open = false): [Flat, Flat][] {
  const pairs = ring.map((corner, i): [Flat, Flat] => [corner, ring[(i + 1) % ring.length] ?? corner])
  return open ? pairs.slice(0, -1) : pairs
}

/** Walls round a ring from one height to another. */
export function wallsOf(ring: readonly Flat[], low_m: number, high_m: number): number[] {
  return sidesOf(ring).flatMap(([[ax, az], [bx, bz]]) =>
    quad([ax, low_m, az], [bx, low_m, bz], [bx, high_m, bz], [ax, high_m, az])
  )
}

/** A flat roof over a ring, as a fan round its middle: right for the outlines of nearly all buildings. */
export function roofOf(ring: readonly Flat[], high_m: number): number[] {
  const middle = ring.reduce((sum, [x, z]) => [sum[0] + x / ring.length, sum[1] + z / ring.length], [0, 0])
  return sidesOf(ring).flatMap(([[ax, az], [bx, bz]]) => [middle[0], high_m, middle[1], ax, high_m, az, bx, high_m, bz])
}

/** A line on the ground of a width along corners; dashes of a length leave as much out between them, 0 leaves none. */
export function ribbonOf(line: readonly Flat[], width_m: number, height_m: number, dash_m = 0, open = false): number[] {
  const faces: number[] = []
  for (const [[ax, az], [bx, bz]] of sidesOf(line, open)) {
    const length = Math.hypot(bx - ax, bz - az)
    if (length === 0) continue
    const [dx, dz] = [(bx - ax) / length, (bz - az) / length]
    const [sx, sz] = [(-dz * width_m) / 2, (dx * width_m) / 2]
    const step = dash_m > 0 ? dash_m * 2 : length
    for (let from = 0; from < length; from += step) {
      const to = Math.min(length, from + (dash_m > 0 ? dash_m : length))
      const at = (along: number, side: number): Point3 => [
        ax + dx * along + sx * side,
        height_m,
        az + dz * along + sz * side
      ]
      faces.push(...quad(at(from, -1), at(to, -1), at(to, 1), at(from, 1)))
    }
  }
  return faces
}

/** A turned shape about the y axis: radii and heights from its foot up. */
export function turnedOf(profile: readonly [radius_m: number, height_m: number][], sides = 12): number[] {
  const faces: number[] = []
  const at = ([radius, height]: readonly [number, number], i: number): Point3 => {
    const around = (i / sides) * 2 * Math.PI
    return [Math.cos(around) * radius, height, Math.sin(around) * radius]
  }
  for (const [i, upper] of profile.entries()) {
    const lower = profile[i - 1]
    if (lower === undefined) continue
    for (let side = 0; side < sides; side++) {
      faces.push(...quad(at(lower, side), at(lower, side + 1), at(upper, side + 1), at(upper, side)))
    }
  }
  return faces
}

/** The corners of a circle on the ground. */
export function circleOf(radius_m: number, sides = 64): Flat[] {
  return Array.from({ length: sides }, (_, i): Flat => {
    const around = (i / sides) * 2 * Math.PI
    return [Math.sin(around) * radius_m, -Math.cos(around) * radius_m]
  })
}

/** A person of 1.7 m, seen from afar: legs, shoulders, neck and head. */
export const PERSON: readonly [number, number][] = [
  [0, 0],
  [0.16, 0],
  [0.17, 0.85],
  [0.24, 1.3],
  [0.2, 1.42],
  [0.06, 1.45],
  [0.1, 1.52],
  [0.11, 1.6],
  [0.07, 1.68],
  [0, 1.7]
]

/** A straight bar between two points. */
export function barOf(from: Point3, to: Point3, width_m: number): number[] {
  const [a, b] = [new Vector3(...from), new Vector3(...to)]
  const along = b.clone().sub(a)
  const side = new Vector3().crossVectors(
    along,
    Math.abs(along.y) > 0.9 * along.length() ? new Vector3(1, 0, 0) : new Vector3(0, 1, 0)
  )
  side.setLength(width_m / 2)
  const other = new Vector3().crossVectors(along, side).setLength(width_m / 2)
  const at = (end: Vector3, shift: Vector3, sign: number): Point3 => end.clone().addScaledVector(shift, sign).toArray()
  return [side, other].flatMap((shift) => quad(at(a, shift, -1), at(b, shift, -1), at(b, shift, 1), at(a, shift, 1)))
}

/** The edges of a box as bars. */
export function edgesOf(min: Point3, max: Point3, width_m: number): number[] {
  const corner = (i: number): Point3 => [i & 1 ? max[0] : min[0], i & 2 ? max[1] : min[1], i & 4 ? max[2] : min[2]]
  const bars: number[] = []
  for (let i = 0; i < 8; i++) {
    for (const bit of [1, 2, 4]) if ((i & bit) === 0) bars.push(...barOf(corner(i), corner(i | bit), width_m))
  }
  return bars
}

/** Free what meshes hold on the graphics card. */
export function disposeMesh(mesh: Mesh): void {
  mesh.removeFromParent()
  mesh.geometry.dispose()
  for (const material of [mesh.material].flat()) material.dispose()
}
