/** Matrices of 4 by 4 as WebGL takes them, column after column, for what is drawn without three. Pure. */
import type { Point3 } from '../wire'

export type Matrix4 = readonly number[]

/** What `b` does, and then what `a` does. */
export function multiply(a: Matrix4, b: Matrix4): number[] {
  return Array.from({ length: 16 }, (_, cell) => {
    const [column, row] = [cell >> 2, cell & 3]
    let sum = 0
    for (let k = 0; k < 4; k++) sum += (a[4 * k + row] ?? 0) * (b[4 * column + k] ?? 0)
    return sum
  })
}

/** Scaled, then turned by a unit quaternion (x, y, z, w), then moved. */
export function compose(
  [px, py, pz]: readonly number[] = [0, 0, 0],
  [x = 0, y = 0, z = 0, w = 1]: readonly number[] = [],
  [sx = 1, sy = 1, sz = 1]: readonly number[] = []
): number[] {
  return [
    ...[sx * (1 - 2 * (y * y + z * z)), sx * 2 * (x * y + w * z), sx * 2 * (x * z - w * y), 0],
    ...[sy * 2 * (x * y - w * z), sy * (1 - 2 * (x * x + z * z)), sy * 2 * (y * z + w * x), 0],
    ...[sz * 2 * (x * z + w * y), sz * 2 * (y * z - w * x), sz * (1 - 2 * (x * x + y * y)), 0],
    ...[px ?? 0, py ?? 0, pz ?? 0, 1]
  ]
}

/** What turns normals, whatever a matrix does to surfaces: its upper left 3 by 3, inverted and transposed, but for a factor. */
export function forNormals(matrix: Matrix4): number[] {
  const column = (i: number): Point3 => [matrix[4 * i] ?? 0, matrix[4 * i + 1] ?? 0, matrix[4 * i + 2] ?? 0]
  return [...cross(column(1), column(2)), ...cross(column(2), column(0)), ...cross(column(0), column(1))]
}

/** A camera's lens: vertical opening, width over height, and by which share of the height the picture is raised. */
export function project(fov_deg: number, aspect: number, raised: number, near_m: number, far_m: number): number[] {
  const tall = 1 / Math.tan((fov_deg * Math.PI) / 360)
  const depth = near_m - far_m
  return [
    ...[tall / aspect, 0, 0, 0],
    ...[0, tall, 0, 0],
    ...[0, -2 * raised, (near_m + far_m) / depth, -1],
    ...[0, 0, (2 * near_m * far_m) / depth, 0]
  ]
}

/** The world as an eye sees it that looks at a point, the plumb line upright. */
export function lookAt(eye: Point3, target: Point3): number[] {
  const back = unit([eye[0] - target[0], eye[1] - target[1], eye[2] - target[2]])
  const right = unit(cross([0, 1, 0], back))
  const up = cross(back, right)
  const rows = [right, up, back]
  const moved = rows.map((row) => -dot(row, eye))
  return [
    ...[0, 1, 2].flatMap((column) => [...rows.map((row) => row[column] ?? 0), 0]),
    ...[moved[0] ?? 0, moved[1] ?? 0, moved[2] ?? 0, 1]
  ]
}

function cross([ax, ay, az]: Point3, [bx, by, bz]: Point3): Point3 {
  return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
}

function dot(a: Point3, b: Point3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/** The same direction, one long. */
export function unit(vector: Point3): Point3 {
  const length = Math.hypot(...vector) || 1
  return [vector[0] / length, vector[1] / length, vector[2] / length]
}
