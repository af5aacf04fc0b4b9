/**
 * How a phone is held, from the angles its sensors tell. Pure; quaternions are (x, y, z, w) in a frame with y up.
 * Source: W3C Device Orientation, "the rotation is Z-X'-Y''", earth frame east, north, up.
 */
import { rotate } from '../orbit/frame'
import type { Point3 } from '../wire'

export type Turn = readonly [x: number, y: number, z: number, w: number]

/** What an orientation event tells, in degrees. */
export interface Angles {
  alpha_deg: number
  beta_deg: number
  gamma_deg: number
}

const HALF_RAD = Math.PI / 360
const LYING = 0.7 // the share of the upright beyond which the phone's long side points to the sky rather than ahead

/** One turn after another: first b, then a. */
export function join(a: Turn, b: Turn): Turn {
  const [ax, ay, az, aw] = a
  const [bx, by, bz, bw] = b
  return [
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
    aw * bw - ax * bx - ay * by - az * bz
  ]
}

/** The turn of the phone itself: x to its right side, y to its top, z out of its glass; the camera looks along -z. */
export function turnOf({ alpha_deg, beta_deg, gamma_deg }: Angles): Turn {
  const [a, b, c] = [alpha_deg * HALF_RAD, beta_deg * HALF_RAD, gamma_deg * HALF_RAD]
  const earth = join(join([0, 0, Math.sin(a), Math.cos(a)], [Math.sin(b), 0, 0, Math.cos(b)]), [
    0,
    Math.sin(c),
    0,
    Math.cos(c)
  ])
  return join([-Math.SQRT1_2, 0, 0, Math.SQRT1_2], earth) // z up becomes y up, north becomes -z
}

/** The turn of the picture on the glass, whose upper side is another one in landscape. */
export function turnOfView(phone: Turn, screen_deg: number): Turn {
  const half = -screen_deg * HALF_RAD
  return join(phone, [0, 0, Math.sin(half), Math.cos(half)])
}

/** The direction clockwise from -z, in degrees, 0 <= d < 360, towards which a turned phone's camera looks. */
export function aheadDeg(turn: Turn): number {
  return clockwiseDeg(rotate([0, 0, -1], turn))
}

/**
 * The direction of what a compass names as the phone's heading: its top while it lies, as on a map; what its camera
 * sees once its top points to the sky.
 */
export function pointerDeg(turn: Turn): number {
  const top = rotate([0, 1, 0], turn)
  return clockwiseDeg(Math.abs(top[1]) < LYING ? top : rotate([0, 0, -1], turn))
}

function clockwiseDeg([x, , z]: Point3): number {
  return ((Math.atan2(x, -z) * 180) / Math.PI + 360) % 360
}

/** The angle between two turns in degrees. */
export function angleBetweenDeg(a: Turn, b: Turn): number {
  const dot = Math.abs(a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3])
  return (2 * Math.acos(Math.min(1, dot)) * 180) / Math.PI
}

/** A share of the way from one turn to another, the short way round. */
export function turnTowards(from: Turn, to: Turn, share: number): Turn {
  const dot = from[0] * to[0] + from[1] * to[1] + from[2] * to[2] + from[3] * to[3]
  const sign = dot < 0 ? -1 : 1
  const mixed = [0, 1, 2, 3].map((i) => (from[i] ?? 0) + ((to[i] ?? 0) * sign - (from[i] ?? 0)) * share)
  const length = Math.hypot(...mixed)
  return mixed.map((part) => part / length) as unknown as Turn
}
