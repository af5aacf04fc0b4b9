/**
 * Which landmark a walking visitor stands at: a state that each position fix moves, with accuracy and hysteresis.
 * The server holds the same rules in domain/trigger.py; tests/contract/trigger.json holds both to them.
 */
import type { Landmark } from '../wire'
import { distanceM } from './distance'

export const MAX_ACCURACY_M = 65 // a worse fix says nothing about circles of some 20 m
const SWITCH_MARGIN_M = 5 // a neighbour must be nearer by this much, twice
const LEAVING = 'leave'

/** One position from the phone; accuracy_m is the 68 % radius it reports. */
export interface Fix {
  lat: number
  lon: number
  accuracy_m: number
  /** The course walked by true north, and the speed, where the phone tells them. */
  course_deg?: number
  speed_m_s?: number
}

/** A landmark's circle: entered within enter_m, left beyond leave_m. */
export interface Fence {
  id: string
  lat: number
  lon: number
  enter_m: number
  leave_m: number
}

/** The landmark the visitor stands at, and what one more such fix would change it to. */
export interface TriggerState {
  current: string | null
  pending: string | null
}

export const NOWHERE: TriggerState = { current: null, pending: null }

/** The circles of the landmarks that have one. */
export function fencesOf(landmarks: readonly Landmark[]): Fence[] {
  return landmarks.flatMap(({ id, lat, lon, geofence }) =>
    lat === null || lon === null || geofence === null ? [] : [{ id, lat, lon, ...geofence }]
  )
}

/** The state after one more fix; a fix too vague to decide leaves it as it is. */
export function stepTrigger(state: TriggerState, fix: Fix, fences: readonly Fence[]): TriggerState {
  if (![fix.lat, fix.lon, fix.accuracy_m].every(Number.isFinite) || fix.accuracy_m > MAX_ACCURACY_M) return state
  const away = new Map(fences.map((fence) => [fence.id, distanceM(fix, fence)]))
  const candidate = findNearest(fix, fences, away)
  const current = fences.find((fence) => fence.id === state.current)
  if (current === undefined) return settle(candidate)
  const away_m = away.get(current.id) ?? Number.POSITIVE_INFINITY
  if (away_m > current.leave_m) {
    const surely = away_m - fix.accuracy_m > current.leave_m
    return surely || state.pending === LEAVING ? settle(candidate) : { current: current.id, pending: LEAVING }
  }
  if (candidate === null || candidate === current.id) return settle(current.id)
  const nearer = (away.get(candidate) ?? 0) + SWITCH_MARGIN_M < away_m
  if (!nearer) return settle(current.id)
  return state.pending === candidate ? settle(candidate) : { current: current.id, pending: candidate }
}

function settle(current: string | null): TriggerState {
  return { current, pending: null }
}

function findNearest(fix: Fix, fences: readonly Fence[], away: Map<string, number>): string | null {
  const reached = fences
    .map((fence) => ({ fence, away_m: away.get(fence.id) ?? Number.POSITIVE_INFINITY }))
    .filter(({ fence, away_m }) => away_m <= fence.enter_m && fix.accuracy_m <= 2 * fence.enter_m)
    .sort((a, b) => a.away_m - b.away_m || (a.fence.id < b.fence.id ? -1 : 1))
  return reached[0]?.fence.id ?? null
}
