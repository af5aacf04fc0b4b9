/** Whether somebody holds the phone: one that lies somewhere is neither turned nor carried. Pure. */
import type { Turn } from '../window/attitude'
import type { Point3 } from '../wire'

/** How the phone was held when it last stirred. */
export interface Rest {
  position: Point3
  turn: Turn
}

const FAR_M = 0.3
const TURN_DEG = 8

/** Whether the phone has left a pose by more than tracking trembles. */
export function hasStirred(rest: Rest, position: Point3, turn: Turn): boolean {
  const far_m = Math.hypot(...position.map((value, i) => value - (rest.position[i] ?? 0)))
  const cosine = Math.abs(turn.reduce((sum, value, i) => sum + value * (rest.turn[i] ?? 0), 0))
  return far_m > FAR_M || (2 * Math.acos(Math.min(1, cosine)) * 180) / Math.PI > TURN_DEG
}
