/**
 * A phone that does not track its surroundings: the way it goes is counted in steps. The estimator is the same, with a way
 * that is told more roughly. Pure. Source of the way to count: the bounce of the body, once a step, seen as what is left of
 * the acceleration after its slow mean (Zhao, "Full-Featured Pedometer Design", Analog Dialogue 44, 2010, in outline).
 */

import type { GeoPoint } from '../geo/enu'
import { type Estimate, type Frame, start } from './estimator'
import { type Local, STEPS } from './motion'

/** The bounce as heard so far, and where the steps have led. */
export interface Stride {
  at_ms: number
  /** Slow mean of the acceleration, gravity in it. */
  mean_m_s2: number
  /** What is left, calmed. */
  bounce_m_s2: number
  /** Whether the body has come down again since the last step. */
  armed: boolean
  stepped_ms: number
  /** Steps in a row at an even pace; single knocks are none. */
  row: number
  local: Local
}

const STEP_M = 0.68 // of people who stroll; the estimator learns the visitor's own
const MEAN_S = 0.8
const CALM_S = 0.06
const UP_M_S2 = 0.7
const DOWN_M_S2 = -0.3
const SHORTEST_MS = 280
const LONGEST_MS = 1100
const ROW = 3 // the first steps of a row are counted once the third has come
const GAP_S = 0.5

/** Standing at the origin of a frame of its own. */
export function standStill(at_ms: number): Stride {
  return {
    at_ms,
    mean_m_s2: 9.81,
    bounce_m_s2: 0,
    armed: true,
    stepped_ms: Number.NEGATIVE_INFINITY,
    row: 0,
    local: { east_m: 0, north_m: 0, at_ms }
  }
}

/** The stride after one more reading of the whole acceleration (its length); the phone looks towards a heading of its frame. */
export function stride(before: Stride, acceleration_m_s2: number, heading_deg: number, at_ms: number): Stride {
  const passed_s = Math.min(GAP_S, Math.max(0, (at_ms - before.at_ms) / 1000))
  const mean_m_s2 = towards(before.mean_m_s2, acceleration_m_s2, passed_s / MEAN_S)
  const bounce_m_s2 = towards(before.bounce_m_s2, acceleration_m_s2 - mean_m_s2, passed_s / CALM_S)
  const now = { ...before, at_ms, mean_m_s2, bounce_m_s2, local: { ...before.local, at_ms } }
  if (!before.armed) return bounce_m_s2 < DOWN_M_S2 ? { ...now, armed: true } : now
  const since_ms = at_ms - before.stepped_ms
  if (bounce_m_s2 < UP_M_S2 || since_ms < SHORTEST_MS) return now
  const row = since_ms < LONGEST_MS ? before.row + 1 : 1
  const counted = row < ROW ? 0 : row === ROW ? ROW : 1
  return { ...now, armed: false, stepped_ms: at_ms, row, local: ahead(now.local, heading_deg, counted * STEP_M) }
}

function towards(from: number, to: number, rate: number): number {
  return from + (to - from) * (1 - Math.exp(-rate))
}

function ahead(local: Local, heading_deg: number, way_m: number): Local {
  const heading = (heading_deg * Math.PI) / 180
  return {
    ...local,
    east_m: local.east_m + way_m * Math.sin(heading),
    north_m: local.north_m + way_m * Math.cos(heading)
  }
}

/** Whether the visitor is walking. */
export function isStriding({ row, stepped_ms, at_ms }: Stride): boolean {
  return row >= ROW && at_ms - stepped_ms < LONGEST_MS
}

/** An estimate whose way is counted in steps. */
export function startInSteps(frame: Frame, near: GeoPoint | null = null): Estimate {
  return start(frame, near, STEPS)
}
