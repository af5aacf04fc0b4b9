/** When an experience can be seen, in words; the server says the same in routes/times.py. */
import { isLive, localDate, startOfDay } from '../geo/live'
import type { Experience, SiteDocument } from '../wire'
import { sayMoment } from './moment'
import type { Words } from './words'

const HORIZON_DAYS = 60 // of domain/schedule.py: how far a document reaches
const DAY_MS = 86_400_000

export type WhenState = 'live' | 'today' | 'later' | 'quiet' | 'none'

export interface When {
  state: WhenState
  sentence: string
}

/** State and sentence of an experience at a moment in ms UTC. */
export function sayWhen(experience: Experience, site: SiteDocument, at: number, words: Words): When {
  const zone = site.site.time_zone
  const state = findState(experience, at, zone)
  if (isAlwaysOn(experience, site)) {
    return { state, sentence: words(state === 'live' ? 'when_always' : 'when_quiet') }
  }
  if (state === 'quiet' || state === 'none') return { state, sentence: words(`when_${state}`) }
  const [start_at, end_at] = comingSpans(experience, at)[0] ?? [at, at]
  const when = sayMoment(state === 'live' ? end_at : start_at, at, zone, words)
  return { state, sentence: words(`when_${state}`, { when }) }
}

function comingSpans(experience: Experience, at: number): [number, number][] {
  return experience.occurrences
    .map(([start, end]): [number, number] => [Date.parse(start), Date.parse(end)])
    .filter(([, end_at]) => end_at > at)
}

function findState(experience: Experience, at: number, zone: string): WhenState {
  if (isLive(experience.occurrences, experience.quiet_on, at, zone)) return 'live'
  if (experience.quiet_on.includes(localDate(at, zone))) return 'quiet'
  const next = comingSpans(experience, at)
    .map(([start_at]) => start_at)
    .find((start_at) => start_at > at)
  if (next === undefined) return 'none'
  return localDate(next, zone) === localDate(at, zone) ? 'today' : 'later'
}

function isAlwaysOn(experience: Experience, site: SiteDocument): boolean {
  const zone = site.site.time_zone
  const [span] = experience.occurrences
  if (span === undefined || experience.occurrences.length > 1) return false
  const last = new Date(Date.parse(`${site.compiled_for_on}T00:00:00Z`) + HORIZON_DAYS * DAY_MS)
  const reaches = localDate(Date.parse(span[1]), zone) > last.toISOString().slice(0, 10)
  return reaches && Date.parse(span[0]) <= startOfDay(site.compiled_for_on, zone)
}
