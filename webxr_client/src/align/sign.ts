/**
 * Where a phone is, from the four corners of a QR code of known size that hangs upright: planar pose with gravity known.
 * Pure. The camera looks along -z with x to its right and y up; the phone's frame stands upright, and its north is anywhere.
 *
 * A sign that hangs upright is turned about the plumb line alone. So for each heading it may face its middle follows from
 * linear equations, and a search over headings finds every pose that fits: the true one and, where the picture is nearly
 * flat, its mirror image about the line of sight. Each is then fitted by damped Gauss-Newton steps together with what is
 * not known exactly either: how far gravity is off in two axes, and the lens. Their doubts go into the doubt of the result.
 */
import { rotate } from '../orbit/frame'
import type { Turn } from '../window/attitude'
import type { Point3 } from '../wire'
import { at, invert } from './matrix'

const DEG = Math.PI / 180

export interface Pixel {
  x: number
  y: number
}

/** The corners of the code as printed: upper left, upper right, lower right, lower left. */
export type Quad = readonly [Pixel, Pixel, Pixel, Pixel]

/** One picture of a code. */
export interface Shot {
  corners: Quad
  /** Deviation of a corner along one axis. */
  noise_px: number
  width: number
  height: number
  /** The opening along the longer side of the picture. */
  long_deg: number
  /** How the camera is turned in the phone's frame. */
  turn: Turn
  /** The side of the printed code. */
  side_m: number
}

/** The code relative to the phone, in the phone's frame. */
export interface SeenSign {
  /** Its middle, with the phone at the origin. */
  middle: Point3
  /** Where it faces, clockwise from -z. */
  facing_deg: number
  accuracy_m: number
  accuracy_deg: number
}

/**
 * Why a picture says too little. Far: too small to tell how it is turned, or its mirror image fits as well. Oblique: seen too
 * much from the side. Askew: it does not hang upright, is bent, or is a mirror's picture. Size: no sign is so near or so far.
 */
export type Unfit = 'far' | 'oblique' | 'askew' | 'size'

export type SignSight = { ok: true; seen: SeenSign } | { ok: false; why: Unfit }

const SMALLEST_PX = 48 // a side; below, a pixel of noise turns the sign by a quarter
const NEAREST_M = 0.1
const FARTHEST_M = 8
const MOST_OBLIQUE_DEG = 60
const VAGUEST_DEG = 4 // a model is drawn at its true place to three degrees, and several pictures make up for the rest
const GRAVITY_RAD = 1.5 * DEG
const LENS_SHARE = 0.08 // assumed lenses are off by so much
const MIRROR_COST = 9 // squared deviations by which the mirror image must fit worse
const MOST_COST = 30 // of four degrees of freedom; noise alone gives more once in 200,000 pictures
const STEP_DEG = 2
const ROUNDS = 25
const TINY = 1e-5

// the unknowns of the fit
const [FACING, X, Y, Z, PITCH, ROLL, LENS] = [0, 1, 2, 3, 4, 5, 6]
const SIZE = 7

/** The sign as seen in a picture, or why it is not to be believed. */
export function seeSign(shot: Shot): SignSight {
  if (!(shot.side_m > 0) || !Number.isFinite(shot.side_m)) return { ok: false, why: 'size' }
  if (!isClockwise(shot.corners)) return { ok: false, why: 'askew' }
  if (shortestPx(shot.corners) < SMALLEST_PX * Math.cos(MOST_OBLIQUE_DEG * DEG)) return { ok: false, why: 'far' }
  const fits = startsOf(shot)
    .map((start) => fit(shot, start))
    .sort((a, b) => a.cost - b.cost)
  const best = fits[0]
  if (best === undefined || best.cost > MOST_COST) return { ok: false, why: 'askew' }
  return judge(
    shot,
    best,
    fits.find((other) => isOther(other, best))
  )
}

interface Fit {
  state: number[]
  cost: number
}

function judge(shot: Shot, best: Fit, other: Fit | undefined): SignSight {
  const middle = middleOf(best.state)
  const away_m = Math.hypot(...middle)
  if (away_m < NEAREST_M || away_m > FARTHEST_M) return { ok: false, why: 'size' }
  if (obliqueDeg(best.state) > MOST_OBLIQUE_DEG) return { ok: false, why: 'oblique' }
  if (other !== undefined && other.cost - best.cost < MIRROR_COST) return { ok: false, why: 'far' }
  const { rows } = linearise(shot, best.state)
  const { inverse: cov } = invert(informationOf(rows), SIZE)
  const accuracy_deg = Math.sqrt(at(cov, SIZE, FACING, FACING)) / DEG
  if (accuracy_deg > VAGUEST_DEG) return { ok: false, why: 'far' }
  const accuracy_m = Math.sqrt((at(cov, SIZE, X, X) + at(cov, SIZE, Z, Z)) / 2)
  const facing_deg = (((best.state[FACING] ?? 0) / DEG) % 360) + 360
  return { ok: true, seen: { middle, facing_deg: facing_deg % 360, accuracy_m, accuracy_deg } }
}

/** Seen on glass, whose y points down, the corners go round clockwise unless a mirror shows them. */
function isClockwise([a, b, c, d]: Quad): boolean {
  const turns = (p: Pixel, q: Pixel, r: Pixel): boolean => (q.x - p.x) * (r.y - q.y) - (q.y - p.y) * (r.x - q.x) > 0
  return turns(a, b, c) && turns(b, c, d) && turns(c, d, a) && turns(d, a, b)
}

function shortestPx(corners: Quad): number {
  return Math.min(...corners.map((corner, i) => apart(corner, corners[(i + 1) % 4] ?? corner)))
}

function apart(a: Pixel, b: Pixel): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

function middleOf(state: readonly number[]): Point3 {
  return [state[X] ?? 0, state[Y] ?? 0, state[Z] ?? 0]
}

/** The angle between where the sign faces and the way from it to the phone. */
function obliqueDeg(state: readonly number[]): number {
  const [x, y, z] = middleOf(state)
  const facing = state[FACING] ?? 0
  const towards = -(Math.sin(facing) * x - Math.cos(facing) * z) / Math.hypot(x, y, z)
  return Math.acos(Math.min(1, Math.max(-1, towards))) / DEG
}

function isOther(a: Fit, b: Fit): boolean {
  const off = (a.state[FACING] ?? 0) - (b.state[FACING] ?? 0)
  return Math.abs(Math.atan2(Math.sin(off), Math.cos(off))) > 1 * DEG
}

/** To the right along the sign, for whoever stands before it; up is up. */
function alongOf(facing: number): Point3 {
  return [-Math.cos(facing), 0, -Math.sin(facing)]
}

const CORNERS = [
  [-1, 1],
  [1, 1],
  [1, -1],
  [-1, -1]
] as const

function cornerAt(shot: Shot, state: readonly number[], i: number): Point3 {
  const [right, up] = CORNERS[i] ?? [0, 0]
  const half_m = shot.side_m / 2
  const [ax, , az] = alongOf(state[FACING] ?? 0)
  const [x, y, z] = middleOf(state)
  return [x + right * half_m * ax, y + up * half_m, z + right * half_m * az]
}

function focalPx({ width, height, long_deg }: Shot): number {
  return Math.max(width, height) / 2 / Math.tan((long_deg / 2) * DEG)
}

/** Headings at which a sign that hangs upright fits best among their neighbours, with the middle that goes with each. */
function startsOf(shot: Shot): number[][] {
  const rays = shot.corners.map((corner) => rayOf(shot, corner))
  const states = Array.from({ length: 360 / STEP_DEG }, (_, i) => startAt(shot, rays, i * STEP_DEG * DEG))
  const costs = states.map((state) => (state === null ? Number.POSITIVE_INFINITY : costOf(shot, state)))
  const count = states.length
  return states.filter((state, i): state is number[] => {
    const cost = costs[i] ?? 0
    return state !== null && cost <= (costs[(i + 1) % count] ?? 0) && cost <= (costs[(i + count - 1) % count] ?? 0)
  })
}

/** The direction of a pixel in the phone's frame. */
function rayOf(shot: Shot, { x, y }: Pixel): Point3 {
  const focal_px = focalPx(shot)
  return rotate([(x - shot.width / 2) / focal_px, (shot.height / 2 - y) / focal_px, -1], shot.turn)
}

/**
 * The middle of a sign with this heading: of all places the one from which its corners lie nearest to their rays (least
 * squares of the cross products). Null where the sign would be behind the phone or face away.
 */
function startAt(shot: Shot, rays: readonly Point3[], facing: number): number[] | null {
  const sums = new Array<number>(9).fill(0)
  const right: [number, number, number] = [0, 0, 0]
  const around = [facing, 0, 0, 0, 0, 0, 0]
  rays.forEach((ray, i) => {
    const corner = cornerAt(shot, around, i)
    const square = dot(ray, ray)
    const along = dot(ray, corner)
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        const share = (row === column ? 1 : 0) - ((ray[row] ?? 0) * (ray[column] ?? 0)) / square
        sums[row * 3 + column] = (sums[row * 3 + column] ?? 0) + share
      }
      right[row] = (right[row] ?? 0) - ((corner[row] ?? 0) - (along * (ray[row] ?? 0)) / square)
    }
  })
  const { inverse } = invert(sums, 3)
  const [x = 0, y = 0, z = 0] = right.map((_, row) => right.reduce((sum, v, k) => sum + at(inverse, 3, row, k) * v, 0))
  const state = [facing, x, y, z, 0, 0, 0]
  const ahead = rays.every((ray, i) => dot(ray, cornerAt(shot, state, i)) > 0)
  return ahead && obliqueDeg(state) < 89 ? state : null
}

function dot(a: Point3, b: Point3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/** What is left over, in deviations: two for each corner, then what the unknowns beside the pose were moved by. */
function residuals(shot: Shot, state: readonly number[]): number[] {
  const focal_px = focalPx(shot) * Math.exp(state[LENS] ?? 0)
  const [tx, ty, tz, tw] = shot.turn
  const left = shot.corners.flatMap((corner, i) => {
    const [px, py, pz] = tilt(rotate(cornerAt(shot, state, i), [-tx, -ty, -tz, tw]), state)
    const depth = Math.max(TINY, -pz)
    const [x, y] = [shot.width / 2 + (focal_px * px) / depth, shot.height / 2 - (focal_px * py) / depth]
    return [(corner.x - x) / shot.noise_px, (corner.y - y) / shot.noise_px]
  })
  return [...left, (state[PITCH] ?? 0) / GRAVITY_RAD, (state[ROLL] ?? 0) / GRAVITY_RAD, (state[LENS] ?? 0) / LENS_SHARE]
}

/** The camera is held a little otherwise than its sensors say: up or down, and to one side. */
function tilt([x, y, z]: Point3, state: readonly number[]): Point3 {
  const [a, b] = [state[PITCH] ?? 0, state[ROLL] ?? 0]
  const [y1, z1] = [y * Math.cos(a) - z * Math.sin(a), y * Math.sin(a) + z * Math.cos(a)]
  return [x * Math.cos(b) - y1 * Math.sin(b), x * Math.sin(b) + y1 * Math.cos(b), z1]
}

function costOf(shot: Shot, state: readonly number[]): number {
  return residuals(shot, state).reduce((sum, left) => sum + left * left, 0)
}

/** What is left over at a state, and how it changes with each unknown. */
function linearise(shot: Shot, state: readonly number[]): { left: number[]; rows: number[][] } {
  const left = residuals(shot, state)
  const columns = state.map((value, k) => {
    const [more, less] = [state.slice(), state.slice()]
    more[k] = value + TINY
    less[k] = value - TINY
    const [high, low] = [residuals(shot, more), residuals(shot, less)]
    return high.map((one, i) => (one - (low[i] ?? 0)) / (2 * TINY))
  })
  return { left, rows: left.map((_, i) => columns.map((column) => column[i] ?? 0)) }
}

function informationOf(rows: readonly number[][]): number[] {
  return Array.from({ length: SIZE * SIZE }, (_, cell) => {
    const [i, k] = [Math.floor(cell / SIZE), cell % SIZE]
    return rows.reduce((sum, row) => sum + (row[i] ?? 0) * (row[k] ?? 0), 0)
  })
}

/** The state near a start at which least is left over (Levenberg and Marquardt). */
function fit(shot: Shot, start: readonly number[]): Fit {
  let state = [...start]
  let cost = costOf(shot, state)
  let damping = 1e-3
  for (let round = 0; round < ROUNDS; round++) {
    const { left, rows } = linearise(shot, state)
    const damped = informationOf(rows).map((v, cell) => (cell % (SIZE + 1) === 0 ? v * (1 + damping) : v))
    const { inverse } = invert(damped, SIZE)
    const pull = state.map((_, k) => -rows.reduce((sum, row, i) => sum + (row[k] ?? 0) * (left[i] ?? 0), 0))
    const next = state.map((value, i) => value + pull.reduce((sum, v, k) => sum + at(inverse, SIZE, i, k) * v, 0))
    const nextCost = costOf(shot, next)
    if (nextCost < cost) {
      const gained = cost - nextCost
      ;[state, cost, damping] = [next, nextCost, damping / 5]
      if (gained < 1e-6) break
    } else damping *= 8
  }
  return { state, cost }
}
