/** The one permission of the landing page: the position, explained before the browser asks, and easily declined. */
import { distanceM } from '../geo/distance'
import { type PositionState, queryPermission, watchPosition } from '../geo/position'
import { type Fix, MAX_ACCURACY_M } from '../geo/trigger'
import type { VisitState } from '../state'
import { sayDistance } from './distance'
import { make, makeButton, setText } from './dom'
import { type Idle, watchIdle } from './idle'
import { awayM } from './position'
import type { Visit } from './visit'
import type { Words } from './words'

const KEY = 'walk'
const FAR_M = 300
const STROLL_M = 15 // a position that moved so far is a visitor on the way, not one who left the phone lying

export interface Walk {
  show: (page: Document, state: VisitState) => void
  /** Go on using the position on a further page of the same visit. */
  resume: () => Promise<void>
}

/** The step and what it becomes: asked, on, declined, or not to be had. */
export function createWalk(visit: Visit, words: Words, storage: Storage): Walk {
  let stop = (): void => undefined
  let rested = false
  const start = (): void => {
    storage.setItem(KEY, 'on')
    stop()
    rested = false
    stop = watchWhileUsed(
      (position) => visit.dispatch({ type: 'position_changed', position }),
      () => {
        rested = true // kept as wanted: on the next page, which somebody opens, it goes on
        visit.dispatch({ type: 'location_declined' })
      }
    )
  }
  const decline = (): void => {
    storage.setItem(KEY, 'off')
    stop()
    rested = false
    visit.dispatch({ type: 'location_declined' })
  }
  return {
    show: (page, state) => showStep(page, state, words, { start, decline, rested }),
    resume: async () => {
      const wanted = storage.getItem(KEY)
      if (wanted === 'off') visit.dispatch({ type: 'location_declined' })
      // without an answer (older Safari) the visitor's own yes a moment ago counts
      if (wanted === 'on' && (await queryPermission(navigator.permissions)) !== 'prompt') start()
    }
  }
}

/** What was answered on a page before; null while nothing was. */
export function readWalk(storage: Storage): 'on' | 'off' | null {
  const kept = storage.getItem(KEY)
  return kept === 'on' || kept === 'off' ? kept : null
}

/** Follow the position until the page is left alone for a while; gives what ends it. */
function watchWhileUsed(onChange: (position: PositionState) => void, onRest: () => void): () => void {
  let from: Fix | null = null
  const idle: Idle = watchIdle(window, () => {
    stop()
    onRest()
  })
  const stopWatching = watchPosition(navigator.geolocation, (position) => {
    const fix = position.kind === 'granted' ? position.fix : null
    if (fix !== null && (from === null || distanceM(from, fix) > STROLL_M + fix.accuracy_m)) {
      if (from !== null) idle.stir()
      from = fix
    }
    onChange(position)
  })
  const stop = (): void => {
    stopWatching()
    idle.stop()
  }
  return stop
}

interface Acts {
  start: () => void
  decline: () => void
  /** Whether the position was switched off for want of use. */
  rested: boolean
}

function showStep(page: Document, state: VisitState, words: Words, acts: Acts): void {
  const place = page.getElementById('walk')
  if (place === null) return
  place.hidden = false
  const kind = state.location === 'granted' && state.fix === null ? 'asking' : state.location
  if (place.dataset['kind'] !== kind) {
    const hadFocus = place.contains(page.activeElement)
    place.dataset['kind'] = kind
    place.className = kind === 'not_asked' ? 'walk' : 'walk quiet'
    place.replaceChildren(...contentOf(page, kind, words, acts))
    if (hadFocus) place.querySelector<HTMLElement>('button')?.focus()
  }
  const sentence = acts.rested && kind === 'declined' ? words('walk_idle') : sentenceOf(state, kind, words)
  setText(place.querySelector('.sentence'), sentence)
}

function contentOf(page: Document, kind: VisitState['location'], words: Words, acts: Acts): Node[] {
  const use = (key: string, className = ''): HTMLElement => makeButton(page, words(key), acts.start, className)
  const buttons: Record<VisitState['location'], HTMLElement[]> = {
    not_asked: [use('walk_use', 'primary'), makeButton(page, words('walk_decline'), acts.decline)],
    asking: [makeButton(page, words('walk_stop'), acts.decline)],
    granted: [makeButton(page, words('walk_stop'), acts.decline, 'plain')],
    declined: [use('walk_use')],
    denied: [use('walk_again')],
    unavailable: [use('walk_again')]
  }
  const sentence = make(page, 'p', { className: 'sentence' })
  const row = make(page, 'div', { className: 'buttons' }, ...buttons[kind])
  return kind === 'not_asked' ? [make(page, 'h2', {}, words('walk_title')), sentence, row] : [sentence, row]
}

function sentenceOf(state: VisitState, kind: VisitState['location'], words: Words): string {
  switch (kind) {
    case 'not_asked':
      return words('walk_text')
    case 'asking':
      return words('walk_asking')
    case 'declined':
    case 'denied':
      return words('walk_denied')
    case 'unavailable':
      return words('walk_unavailable')
    case 'granted':
      return sayFix(state, words)
  }
}

function sayFix(state: VisitState, words: Words): string {
  const metres = Math.round(state.fix?.accuracy_m ?? 0)
  const nearest_m = Math.min(
    ...(state.site?.landmarks ?? []).map(({ id }) => awayM(state, id) ?? Number.POSITIVE_INFINITY)
  )
  if (metres > MAX_ACCURACY_M) return words('walk_vague', { metres })
  if (nearest_m < FAR_M || !Number.isFinite(nearest_m)) return words('walk_on', { metres })
  return words('walk_far', { site: state.site?.site.name ?? '', distance: sayDistance(nearest_m, words) })
}
