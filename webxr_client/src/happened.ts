/** What a change of the visit has to tell the figures. Pure. */
import { classOf } from './accuracy'
import { type Fix, MAX_ACCURACY_M } from './geo/trigger'
import { reasonOf } from './reasons'
import { findOpen, isInAr, type VisitState } from './state'
import type { NewEvent, OfExperience, SiteDocument, Way } from './wire'

const AROUND_M = 30 // the bounds of a site go round the middles of its landmarks, and visitors stand before them
const DEGREE_M = 111_320

/** The events between two states, in the order in which they happened. */
export function eventsBetween(before: VisitState, after: VisitState): NewEvent[] {
  return [
    ...(before.site === null && after.site !== null ? [{ type: 'site_opened' } as const] : []),
    ...placeEvents(before, after),
    ...permissionEvents(before, after),
    ...experienceEvents(before, after)
  ]
}

/** What a scene's events say of which it was; null while none is open. */
export function subjectOf(state: VisitState): OfExperience | null {
  const open = findOpen(state)
  return open === null ? null : { experience: open.id, landmark: open.landmark, scene: open.scene }
}

/** How the model is looked at in the camera's picture or in a headset; null: on the page. */
export function wayOf({ ar, beside }: VisitState): Way | null {
  return isInAr(ar) ? 'ar' : beside
}

function placeEvents(before: VisitState, after: VisitState): NewEvent[] {
  const events: NewEvent[] = []
  const accuracy = classOf(after.fix?.accuracy_m ?? null)
  if (isThere(after) && !isThere(before)) events.push({ type: 'arrived', accuracy })
  const [left, entered] = [before.trigger.current, after.trigger.current]
  if (left === entered) return events
  if (left !== null) events.push({ type: 'landmark_left', landmark: left })
  if (entered !== null) events.push({ type: 'landmark_entered', landmark: entered, accuracy })
  return events
}

function isThere({ site, fix, trigger }: VisitState): boolean {
  return trigger.current !== null || (site !== null && fix !== null && isInside(site, fix))
}

/** Whether a fix says for sure enough that the phone is inside the site. */
export function isInside({ site }: SiteDocument, { lat, lon, accuracy_m }: Fix): boolean {
  const [west, south, east, north] = site.bounds
  const [tall, wide] = [AROUND_M / DEGREE_M, AROUND_M / (DEGREE_M * Math.cos((lat * Math.PI) / 180))]
  const within = lon >= west - wide && lon <= east + wide && lat >= south - tall && lat <= north + tall
  return within && accuracy_m <= MAX_ACCURACY_M
}

/** A no to the position; that it went off by itself, or was switched off after it had been on, is none. */
function permissionEvents(before: VisitState, after: VisitState): NewEvent[] {
  if (before.location === after.location) return []
  const open = findOpen(after)
  const of = open === null ? {} : { experience: open.id }
  if (after.location === 'unavailable') {
    // satellites come and go: where there has been one fix, the next one is only late
    return after.fix === null ? [{ type: 'failed', reason: 'position_poor', ...of }] : []
  }
  const asked = before.location === 'not_asked' || before.location === 'asking'
  const refused = after.location === 'denied' || (after.location === 'declined' && asked)
  return refused ? [{ type: 'permission_refused', permission: 'location', ...of }] : []
}

function experienceEvents(before: VisitState, after: VisitState): NewEvent[] {
  const events: NewEvent[] = []
  const [was, is] = [subjectOf(before), subjectOf(after)]
  const isOther = before.open !== after.open
  const [from, to] = [wayOf(before), wayOf(after)]
  if (from !== null && from !== to && was !== null) events.push({ type: 'ar_ended', ...was })
  if (is === null) return events
  const { experience, landmark } = is
  if (isOther) events.push({ type: 'experience_opened', experience, landmark, by: after.openedBy ?? 'visitor' })
  const { stage } = after
  if (stage.kind === 'shown' && (isOther || before.stage.kind !== 'shown'))
    events.push({ type: 'scene_opened', level: Math.min(stage.level, 15), ...is })
  const reason = stage.kind === 'failed' && before.stage.kind !== 'failed' ? reasonOf(stage.key) : null
  if (reason !== null) events.push({ type: 'failed', reason, experience })
  if (to !== null && from !== to) events.push({ type: 'ar_started', way: to, ...is })
  return events
}
