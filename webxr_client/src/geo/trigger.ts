/**
 * Which landmark a walking visitor stands at: a state that each position fix moves, with accuracy and hysteresis.
 * The server holds the same rules in domain/trigger.py; tests/contract/trigger.json holds both to them.
 */
import type { Landmark } from '../wire'
import { distanceM, M_PER_DEG, toRadians } from './distance'

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

/** What is entered within enter_m and left beyond leave_m: of its middle, or of its outline where it has a ring. */
export interface Fence {
  id: string
  lat: number
  lon: number
  enter_m: number
  leave_m: number
  /** The corners as GeoJSON has them: longitude first, the first corner again at the end. */
  ring?: readonly [number, number][] | undefined
}

/** The landmark the visitor stands at, and what one more such fix would change it to. */
export interface TriggerState {
  current: string | null
  pending: string | null
}

export const NOWHERE: TriggerState = { current: null, pending: null }

/** The circles and outlines of the landmarks that have one. */
export function fencesOf(landmarks: readonly Landmark[]): Fence[] {
  return landmarks.flatMap(({ id, lat, lon, geofence, geometry }) => {
    if (lat === null || lon === null || geofence === null) return []
    return [{ id, lat, lon, ...geofence, ring: geometry?.type === 'Polygon' ? geometry.coordinates[0] : undefined }]
  })
}

/** How far a fix is in metres: from the middle of a circle; from an outline, below 0 inside of it. */
function awayM(fix: Fix, fence: Fence): number {
  if (fence.ring === undefined) return distanceM(fix, fence)
  const xPerDeg = M_PER_DEG * Math.cos(toRadians(fix.lat))
  let side = 1
  let nearest_m = Number.POSITIVE_INFINITY
  let [x, y] = [Number.NaN, Number.NaN]
  for (const [lon, lat] of fence.ring) {
    const [fromX, fromY] = [x, y]
    x = (lon - fix.lon) * xPerDeg
    y = (lat - fix.lat) * M_PER_DEG
    if (Number.isNaN(fromX)) continue // the first corner ends no side
    const [runX, runY] = [x - fromX, y - fromY]
    if (fromY > 0 !== y > 0 && fromX - (fromY * runX) / runY > 0) side = -side
    const along = -(fromX * runX + fromY * runY) / (runX * runX + runY * runY || 1)
    const part = Math.max(0, Math.min(1, along))
    nearest_m = Math.min(nearest_m, Math.hypot(fromX + part * runX, fromY + part * runY))
  }
  return side * nearest_m
}

/** The state after one more fix; a fix too vague to decide leaves it as it is. */
export function stepTrigger(state: TriggerState, fix: Fix, fences: readonly Fence[]): TriggerState {
  if (![fix.lat, fix.lon, fix.accuracy_m].every(Number.isFinite) || fix.accuracy_m > MAX_ACCURACY_M) return state
  const away = new Map(fences.map((fence) => [fence.id, awayM(fix, fence)]))
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
    // fine enough to say so: against the width of the circle, or surely inside the outline
    .filter(({ fence, away_m }) => away_m <= fence.enter_m && fix.accuracy_m <= Math.max(2 * fence.enter_m, -away_m))
    .sort((a, b) => a.away_m - b.away_m || (a.fence.id < b.fence.id ? -1 : 1))
  return reached[0]?.fence.id ?? null
}
