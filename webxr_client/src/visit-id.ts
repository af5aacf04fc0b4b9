/** The random id of a visit: it names nobody, and ends with the visit. Pure. */
import { localDate } from './geo/live'
import type { VisitMark } from './outbox-store'

const IDLE_MS = 30 * 60_000

/** The visit that an event at a moment (ms UTC) belongs to: the running one, or a new one after a pause or midnight. */
export function continueVisit(running: VisitMark | null, at: number, zone: string, makeId: () => string): VisitMark {
  const on = localDate(at, zone)
  const goesOn = running !== null && running.on === on && at - running.last_at <= IDLE_MS
  return { id: goesOn ? running.id : makeId(), last_at: at, on }
}
