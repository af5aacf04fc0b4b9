/** The visit as one value, and what each thing that happens makes of it. Pure; the page renders it. */
import { isLive, nextChange } from './geo/live'
import type { PositionState } from './geo/position'
import { type Fix, fencesOf, NOWHERE, stepTrigger, type TriggerState } from './geo/trigger'
import type { Experience, Opener, SiteDocument } from './wire'
import type { ArState } from './xr/session'

/** Not asked: our own explanation stands first. Declined: not now, said to us. Denied: said to the browser. */
export type LocationState = 'not_asked' | 'asking' | 'granted' | 'declined' | 'denied' | 'unavailable'

/** Where the 3D view stands; bytes while it loads; spots: its points of interest; `key` names the sentence of what went wrong. */
export type StageState =
  | { kind: 'idle' }
  | { kind: 'loading'; loaded_bytes: number; total_bytes: number }
  | { kind: 'shown'; level: number; spots: number }
  | { kind: 'failed'; key: string }

export interface VisitState {
  site: SiteDocument | null
  link: 'online' | 'offline'
  at: number
  location: LocationState
  fix: Fix | null
  trigger: TriggerState
  /** Ids of the experiences that are on. */
  live: readonly string[]
  /** The experience whose sheet is open. */
  open: string | null
  openedBy: Opener | null
  /** An experience of the landmark the visitor stands at, while another one is open. */
  offered: string | null
  /** The landmark whose sheet the visitor closed while standing there; it does not open again by itself. */
  dismissed: string | null
  stage: StageState
  ar: ArState
  /** Whether the visitor looks through the magic window, or in a headset. */
  beside: 'window' | 'headset' | null
}

export type Action =
  | { type: 'site_loaded'; site: SiteDocument; at: number }
  | { type: 'time_passed'; at: number }
  | { type: 'link_changed'; link: 'online' | 'offline' }
  | { type: 'location_declined' }
  | { type: 'position_changed'; position: PositionState }
  | { type: 'experience_opened'; experience: string; by?: Opener }
  | { type: 'experience_closed' }
  | { type: 'stage_changed'; stage: StageState }
  | { type: 'ar_changed'; ar: ArState }
  | { type: 'beside_changed'; beside: VisitState['beside'] }

export const START: VisitState = {
  site: null,
  link: 'online',
  at: 0,
  location: 'not_asked',
  fix: null,
  trigger: NOWHERE,
  live: [],
  open: null,
  openedBy: null,
  offered: null,
  dismissed: null,
  stage: { kind: 'idle' },
  ar: 'off',
  beside: null
}

/** The visit after something happened. */
export function reduce(state: VisitState, action: Action): VisitState {
  switch (action.type) {
    case 'site_loaded':
      return offer(reckonLive({ ...state, site: action.site, at: action.at }))
    case 'time_passed':
      return offer(reckonLive({ ...state, at: action.at }))
    case 'link_changed':
      return { ...state, link: action.link }
    case 'location_declined':
      return { ...state, location: 'declined', fix: null, trigger: NOWHERE, offered: null }
    case 'position_changed':
      return move(state, action.position)
    case 'experience_opened':
      return openOne(state, action.experience, action.by ?? 'visitor')
    case 'experience_closed':
      return close(state)
    case 'stage_changed':
      return { ...state, stage: action.stage }
    case 'ar_changed':
      return { ...state, ar: action.ar }
    case 'beside_changed':
      return { ...state, beside: action.beside }
  }
}

function reckonLive(state: VisitState): VisitState {
  const zone = state.site?.site.time_zone ?? 'UTC'
  const experiences = state.site?.experiences ?? []
  const live = experiences.filter((one) => isLive(one.occurrences, one.quiet_on, state.at, zone)).map(({ id }) => id)
  const gone = state.open !== null && !experiences.some(({ id }) => id === state.open)
  return { ...(gone ? close(state) : state), live }
}

function move(state: VisitState, position: PositionState): VisitState {
  if (position.kind !== 'granted') return { ...state, location: position.kind }
  if (position.fix === null) return { ...state, location: 'granted' }
  const trigger = stepTrigger(state.trigger, position.fix, fencesOf(state.site?.landmarks ?? []))
  const dismissed = trigger.current === state.dismissed ? state.dismissed : null
  return offer({ ...state, location: 'granted', fix: position.fix, trigger, dismissed })
}

/** Open what is on at the landmark the visitor stands at; beside an open experience it is only offered. */
function offer(state: VisitState): VisitState {
  const found = state.trigger.current === null ? null : findCurrent(state, state.trigger.current)
  if (found === null || found.id === state.open) return { ...state, offered: null }
  const undisturbed = state.open === null || (state.openedBy === 'trigger' && state.stage.kind === 'idle')
  if (state.trigger.current === state.dismissed || !undisturbed) return { ...state, offered: found.id }
  return openOne(state, found.id, 'trigger')
}

/** Of the experiences that are on at a landmark the one that ends first: a season's comes before what is always there. */
function findCurrent(state: VisitState, landmark: string): Experience | null {
  const zone = state.site?.site.time_zone ?? 'UTC'
  const endOf = (one: Experience): number =>
    nextChange(one.occurrences, one.quiet_on, state.at, zone) ?? Number.POSITIVE_INFINITY
  const here = (state.site?.experiences ?? []).filter(
    (one) => one.landmark === landmark && one.trigger.kind === 'geofence' && state.live.includes(one.id)
  )
  return here.sort((a, b) => endOf(a) - endOf(b))[0] ?? null
}

function openOne(state: VisitState, experience: string, openedBy: Opener): VisitState {
  if (state.open === experience) return state
  return { ...state, open: experience, openedBy, offered: null, dismissed: null, stage: { kind: 'idle' }, ar: 'off' }
}

function close(state: VisitState): VisitState {
  const dismissed = state.trigger.current
  return { ...state, open: null, openedBy: null, offered: null, dismissed, stage: { kind: 'idle' }, ar: 'off' }
}

/** The moment in ms UTC at which the page must look again: when some experience starts, ends, or pauses. */
export function nextMoment(state: VisitState): number | null {
  const zone = state.site?.site.time_zone ?? 'UTC'
  const moments = (state.site?.experiences ?? []).flatMap(
    (one) => nextChange(one.occurrences, one.quiet_on, state.at, zone) ?? []
  )
  return moments.length === 0 ? null : Math.min(...moments)
}

/** The experience that is open. */
export function findOpen(state: VisitState): Experience | null {
  return state.site?.experiences.find(({ id }) => id === state.open) ?? null
}

/** Whether the visitor looks through AR, floor found or not. */
export function isInAr(ar: ArState): boolean {
  return ar === 'searching' || ar === 'ready' || ar === 'placed' || ar === 'overlaid' || ar === 'lost'
}
