/** What a visit has told already: it walks over several pages, and each would tell the same again. */
import type { NewEvent } from './wire'

/** Where the visit is, as the events told so far have it; `at` is the moment of the last one in ms UTC. */
export interface Said {
  at: number
  site: boolean
  /** The code of the short link that led here last. */
  link: string | null
  landmark: string | null
  experience: string | null
  scene: string | null
  /** What is told once a visit: arriving, scenes that were completed, what was refused, what did not work. */
  once: readonly string[]
}

const KEY = 'said'
const IDLE_MS = 30 * 60_000
const NOTHING: Said = { at: 0, site: false, link: null, landmark: null, experience: null, scene: null, once: [] }

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
  const once = onceOf(event)
  if (once !== null) return said.once.includes(once) ? null : { ...said, once: [...said.once, once] }
  switch (event.type) {
    case 'site_opened':
      return afterOpening(event.link ?? said.link, said)
    case 'landmark_entered':
      return said.landmark === event.landmark ? null : { ...said, landmark: event.landmark }
    case 'landmark_left':
      return said.landmark === event.landmark ? { ...said, landmark: null } : null
    case 'experience_opened':
      return said.experience === event.experience ? null : { ...said, experience: event.experience, scene: null }
    case 'scene_opened':
      return said.scene === event.scene ? null : { ...said, scene: event.scene }
    default:
      return said
  }
}

/** By another link the site is opened once more. */
function afterOpening(link: string | null, said: Said): Said | null {
  return said.site && link === said.link ? null : { ...said, site: true, link }
}

function onceOf(event: NewEvent): string | null {
  switch (event.type) {
    case 'arrived':
      return event.type
    case 'survey_answered':
      return `${event.type} ${event.questionnaire}`
    case 'scene_completed':
      return `${event.type} ${event.experience}`
    case 'permission_refused':
      return `${event.type} ${event.permission}`
    case 'failed':
      return `${event.type} ${event.reason} ${event.experience ?? ''}`
    default:
      return null
  }
}

export interface Teller {
  (events: readonly NewEvent[], at: number): void
  /** Consent changed: what goes on is another visit, to which nothing has been told. */
  forget: () => void
}

/** Tells the events of a visit, each once over all its pages in this tab; `record` settles when an event is safe. */
export function createTeller(storage: Storage, record: (event: NewEvent) => Promise<void>): Teller {
  const kept = storage.getItem(KEY)
  let said: Said = kept === null ? NOTHING : { ...NOTHING, ...(JSON.parse(kept) as Partial<Said>) }
  const tell = (events: readonly NewEvent[], at: number): void => {
    const told = tellApart(events, said, at)
    said = told.said
    if (told.fresh.length === 0) return
    // marked only when they are safe: a page that is left before leaves them to the next one
    const safe = Promise.all(told.fresh.map(record))
    void safe.then(() => storage.setItem(KEY, JSON.stringify(told.said)))
  }
  const forget = (): void => {
    said = NOTHING
    storage.removeItem(KEY)
  }
  return Object.assign(tell, { forget })
}
