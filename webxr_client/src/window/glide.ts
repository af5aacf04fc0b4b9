/** A model that is corrected eases to its new place, so that the eye can follow. Pure. */
import type { Point3 } from '../wire'
import { angleBetweenDeg, type Turn, turnTowards } from './attitude'

export interface Stance {
  position: Point3
  turn: Turn
}

const EASE_S = 0.13 // after three times that, a twentieth of the way is left
const NEAR_M = 0.002
const NEAR_DEG = 0.02

/** The stance a moment later on its way to another one; that one itself once it is all but there, or at once. */
export function glide(from: Stance, to: Stance, passed_s: number, atOnce: boolean): Stance {
  const apart_m = Math.hypot(...from.position.map((value, i) => (to.position[i] ?? 0) - value))
  if (atOnce || (apart_m < NEAR_M && angleBetweenDeg(from.turn, to.turn) < NEAR_DEG)) return to
  const share = 1 - Math.exp(-passed_s / EASE_S)
  const position = from.position.map((value, i) => value + ((to.position[i] ?? 0) - value) * share) as Point3
  return { position, turn: turnTowards(from.turn, to.turn, share) }
}
