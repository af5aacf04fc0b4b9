import type { Quad, Shot } from '../../src/align/sign'
import { rotate } from '../../src/orbit/frame'
import { join, type Turn } from '../../src/window/attitude'
import type { Point3 } from '../../src/wire'

const DEG = Math.PI / 180
export const [WIDTH, HEIGHT, LONG_DEG] = [720, 1280, 62] as const
const FOCAL = HEIGHT / 2 / Math.tan((LONG_DEG / 2) * DEG)

/** Even numbers that look like chance, the same in every run (mulberry32). */
function makeChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function makeNormal(seed: number): () => number {
  const even = makeChance(seed)
  return () => Math.sqrt(-2 * Math.log(1 - even())) * Math.cos(2 * Math.PI * even())
}

export interface Truth {
  /** Where the camera looks, clockwise from -z, and how far up. */
  heading_deg: number
  up_deg: number
  roll_deg?: number
  middle: Point3
  facing_deg: number
  side_m?: number
  /** How far the sign leans back, which an honest one does not. */
  lean_deg?: number
}

function axis([x, y, z]: Point3, degrees: number): Turn {
  const half = (degrees / 2) * DEG
  return [x * Math.sin(half), y * Math.sin(half), z * Math.sin(half), Math.cos(half)]
}

export function turnOf({ heading_deg, up_deg, roll_deg = 0 }: Truth): Turn {
  return join(join(axis([0, 1, 0], -heading_deg), axis([1, 0, 0], up_deg)), axis([0, 0, 1], roll_deg))
}

/** A picture of a sign through a lens without faults, drawn apart from the code that reads it. */
export function photograph(truth: Truth, noise_px = 0, normal = makeNormal(1), long_deg: number = LONG_DEG): Shot {
  const { middle, facing_deg, side_m = 0.2, lean_deg = 0 } = truth
  const turn = turnOf(truth)
  const [x, y, z, w] = turn
  const stand = join(axis([0, 1, 0], 180 - facing_deg), axis([1, 0, 0], -lean_deg)) // a sign that faces +z, turned
  const half = side_m / 2
  const corners = [
    [-half, half],
    [half, half],
    [half, -half],
    [-half, -half]
  ].map(([right = 0, up = 0]) => {
    const [dx, dy, dz] = rotate([right, up, 0], stand)
    const [cx, cy, cz] = rotate([middle[0] + dx, middle[1] + dy, middle[2] + dz], [-x, -y, -z, w])
    return {
      x: WIDTH / 2 - (FOCAL * cx) / cz + noise_px * normal(),
      y: HEIGHT / 2 + (FOCAL * cy) / cz + noise_px * normal()
    }
  }) as unknown as Quad
  return { corners, noise_px: Math.max(noise_px, 0.3), width: WIDTH, height: HEIGHT, long_deg, turn, side_m }
}
