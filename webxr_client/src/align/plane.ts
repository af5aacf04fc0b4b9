/** The projective map between the plane of a printed square and its picture. Pure. */
import { at, invert } from './matrix'
import type { Pixel, Quad } from './sign'

/** Row after row; the last element is 1. */
export type Homography = readonly number[]

/** The map that takes a square of this side, its upper left corner at the origin and y down, to four corners. */
export function mapSquare(side: number, corners: Quad): Homography {
  const [a, b, c, d] = corners
  const [dx1, dy1] = [b.x - c.x, b.y - c.y]
  const [dx2, dy2] = [d.x - c.x, d.y - c.y]
  const [sx, sy] = [a.x - b.x + c.x - d.x, a.y - b.y + c.y - d.y]
  const whole = dx1 * dy2 - dx2 * dy1
  const g = (sx * dy2 - dx2 * sy) / whole
  const h = (dx1 * sy - sx * dy1) / whole
  return [
    (b.x - a.x + g * b.x) / side,
    (d.x - a.x + h * d.x) / side,
    a.x,
    (b.y - a.y + g * b.y) / side,
    (d.y - a.y + h * d.y) / side,
    a.y,
    g / side,
    h / side,
    1
  ]
}

export function project(map: Homography, x: number, y: number): Pixel {
  const depth = at(map, 3, 2, 0) * x + at(map, 3, 2, 1) * y + at(map, 3, 2, 2)
  return {
    x: (at(map, 3, 0, 0) * x + at(map, 3, 0, 1) * y + at(map, 3, 0, 2)) / depth,
    y: (at(map, 3, 1, 0) * x + at(map, 3, 1, 1) * y + at(map, 3, 1, 2)) / depth
  }
}

/** A place on the square that was found beside a line on which it must lie: x or y equal to a number. */
export interface OnLine {
  x: number
  y: number
  axis: 'x' | 'y'
  line: number
}

/** How places on the square must be moved so that found ones come to lie on their lines: eight numbers, least squares. */
export interface Warp {
  side: number
  moves: readonly number[]
}

/** The warp for found places; throws when they do not decide it. */
export function findWarp(side: number, found: readonly OnLine[]): Warp {
  const information = new Array<number>(64).fill(0)
  const pull = new Array<number>(8).fill(0)
  for (const { x, y, axis, line } of found) {
    const row = slopeOf(x / side, y / side, axis)
    const off = (line - (axis === 'x' ? x : y)) / side
    for (let i = 0; i < 8; i++) {
      pull[i] = (pull[i] ?? 0) + (row[i] ?? 0) * off
      for (let k = 0; k < 8; k++) information[i * 8 + k] = (information[i * 8 + k] ?? 0) + (row[i] ?? 0) * (row[k] ?? 0)
    }
  }
  const { inverse } = invert(information, 8)
  return { side, moves: pull.map((_, i) => pull.reduce((sum, v, k) => sum + at(inverse, 8, i, k) * v, 0)) }
}

function slopeOf(x: number, y: number, axis: 'x' | 'y'): number[] {
  return axis === 'x' ? [1, x, y, 0, 0, 0, -x * x, -x * y] : [0, 0, 0, 1, x, y, -x * y, -y * y]
}

/** Where a place goes. */
export function warp({ side, moves }: Warp, x: number, y: number): Pixel {
  const by = (axis: 'x' | 'y'): number =>
    slopeOf(x / side, y / side, axis).reduce((sum, slope, i) => sum + slope * (moves[i] ?? 0), 0) * side
  return { x: x + by('x'), y: y + by('y') }
}

/** The place that goes to (x, y), for a warp that moves little. */
export function unwarp(by: Warp, x: number, y: number): Pixel {
  let place = { x, y }
  for (let round = 0; round < 4; round++) {
    const gone = warp(by, place.x, place.y)
    place = { x: place.x + x - gone.x, y: place.y + y - gone.y }
  }
  return place
}
