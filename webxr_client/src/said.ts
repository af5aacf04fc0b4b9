/** What a visit has told already: it walks over several pages, and each would tell the same again. */
import type { NewEvent } from './state'

/** Where the visit is, as the events told so far have it; `at` is the moment of the last one in ms UTC. */
export interface Said {
  at: number
  site: boolean
  landmark: string | null
  experience: string | null
  scene: string | null
}

const KEY = 'said'
const IDLE_MS = 30 * 60_000
const NOTHING: Said = { at: 0, site: false, landmark: null, experience: null, scene: null }

/** Of some events those that say something new, and what has been said after them. */
export function tellApart(events: readonly NewEvent[], said: Said, at: number): { fresh: NewEvent[]; said: Said } {
  let now = at - said.at > IDLE_MS ? NOTHING : said // a visit that paused so long is a new one
  const fresh: NewEvent[] = []
  for (const event of events) {
    const next = after(event, now)
    if (next === null) continue
    fresh.push(event)
    now = { ...next, at }
  }
  return { fresh, said: now }
}

/** What has been said once this event is told too; null when it says nothing new. */
function after(event: NewEvent, said: Said): Said | null {
  const { landmark = null, experience = null, scene = null } = event
  switch (event.type) {
    case 'site_opened':
      return said.site ? null : { ...said, site: true }
    case 'landmark_entered':
      return said.landmark === landmark ? null : { ...said, landmark }
    case 'landmark_left':
      return said.landmark === landmark ? { ...said, landmark: null } : null
    case 'experience_opened':
      return said.experience === experience ? null : { ...said, experience, scene: null }
    case 'scene_shown':
      return said.scene === scene ? null : { ...said, scene }
    default:
      return said
  }
}

/** The events that say something new in this tab's visit; they count as told from now on. */
export function takeUnsaid(storage: Storage, events: readonly NewEvent[], at: number): NewEvent[] {
  if (events.length === 0) return []
  const kept = storage.getItem(KEY)
  const told = tellApart(events, kept === null ? NOTHING : (JSON.parse(kept) as Said), at)
  if (told.fresh.length > 0) storage.setItem(KEY, JSON.stringify(told.said))
  return told.fresh
}
