/**
 * Calm while the phone is held still, without lag while it turns. Pure.
 * Source of the idea: Casiez, Roussel and Vogel, "1 € Filter", CHI 2012: a low-pass whose limit grows with the speed.
 */
import { angleBetweenDeg, type Turn, turnTowards } from './attitude'

export interface Steady {
  turn: Turn
  /** Degrees a second, itself smoothed. */
  speed_deg_s: number
  at_ms: number
}

const CALM_HZ = 0.8
const HZ_PER_DEG_S = 1.2
const SPEED_HZ = 1.5
const STALE_MS = 500 // after such a pause the past says nothing about now

/** The calmed turn after a new reading; null before the first. */
export function steady(before: Steady | null, turn: Turn, at_ms: number): Steady {
  if (before === null || at_ms - before.at_ms > STALE_MS) return { turn, speed_deg_s: 0, at_ms }
  const passed_s = Math.max(1e-3, (at_ms - before.at_ms) / 1000)
  const off_deg = angleBetweenDeg(before.turn, turn)
  const speed_deg_s = before.speed_deg_s + (off_deg / passed_s - before.speed_deg_s) * shareOf(SPEED_HZ, passed_s)
  const share = shareOf(CALM_HZ + HZ_PER_DEG_S * speed_deg_s, passed_s)
  return { turn: turnTowards(before.turn, turn, share), speed_deg_s, at_ms }
}

function shareOf(limit_hz: number, passed_s: number): number {
  const rate = 2 * Math.PI * limit_hz * passed_s
  return rate / (1 + rate)
}
