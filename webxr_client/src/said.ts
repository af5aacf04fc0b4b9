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

/** Tells the events of a visit, each once over all its pages in this tab; `record` settles when an event is safe. */
export function createTeller(
  storage: Storage,
  record: (event: NewEvent) => Promise<void>
): (events: readonly NewEvent[], at: number) => void {
  const kept = storage.getItem(KEY)
  let said = kept === null ? NOTHING : (JSON.parse(kept) as Said)
  return (events, at) => {
    const told = tellApart(events, said, at)
    said = told.said
    if (told.fresh.length === 0) return
    // marked only when they are safe: a page that is left before leaves them to the next one
    const safe = Promise.all(told.fresh.map(record))
    void safe.then(() => storage.setItem(KEY, JSON.stringify(told.said)))
  }
}
