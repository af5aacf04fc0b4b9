/** The sheet of the landmark the visitor has come to: picture, name, one sentence, distance, one thing to do. */
import type { Device } from '../device'
import { topOf } from '../ladder'
import { findOpen, type VisitState } from '../state'
import type { Experience } from '../wire'
import { sayDistance } from './distance'
import { announce, make, makeButton, setText, toldIn } from './dom'
import { awayM } from './position'
import { scrollTo } from './sheet'
import type { Visit } from './visit'
import { sayWhen } from './when'
import type { Words } from './words'

/** Open, change or close the sheet after a change of the visit. */
export function showArrival(page: Document, visit: Visit, words: Words, before: VisitState, device: Device): void {
  const state = visit.state
  const place = page.getElementById('arrival')
  if (place === null || state.site === null) return
  const open = findOpen(state)
  if (open === null) {
    if (!place.hidden) closeSheet(place)
    return
  }
  if (place.dataset['experience'] !== open.id) {
    fillSheet(place, open, visit, words, device)
    if (before.open !== open.id) tell(page, open, state, words)
  }
  const away_m = awayM(state, open.landmark)
  const line = place.querySelector('.away')
  setText(line, away_m === null ? '' : sayDistance(away_m, words))
}

/** While something else is open, a line tells what can be seen where the visitor has come to. */
export function showOffer(page: Document, visit: Visit, words: Words): void {
  const place = page.getElementById('offer')
  const { state } = visit
  if (place === null) return
  const offered = state.site?.experiences.find(({ id }) => id === state.offered) ?? null
  place.hidden = offered === null
  if (offered === null || place.dataset['experience'] === offered.id) return
  place.dataset['experience'] = offered.id
  const arrived = words('arrived', { name: nameOf(offered, state) })
  const href = `/${visit.language}/${visit.site}/experiences/${offered.id}`
  place.replaceChildren(`${arrived} `, make(page, 'a', { href }, offered.title))
  announce(page, arrived)
}

function closeSheet(place: HTMLElement): void {
  const hadFocus = place.contains(place.ownerDocument.activeElement)
  place.hidden = true
  delete place.dataset['experience']
  place.replaceChildren()
  if (hadFocus) place.ownerDocument.getElementById('content')?.focus()
}

function fillSheet(place: HTMLElement, open: Experience, visit: Visit, words: Words, device: Device): void {
  const page = place.ownerDocument
  const { state } = visit
  const name = nameOf(open, state)
  const home = `/${visit.language}/${visit.site}/`
  const see = make(
    page,
    'a',
    { className: 'primary', href: `${home}xr/${open.id}` },
    words(['ar', 'window'].includes(topOf(device)) ? 'see_here' : 'see_large')
  )
  const read = make(page, 'a', { href: `${home}experiences/${open.id}` }, words('arrival_read'))
  const close = makeButton(page, words('arrival_later'), () => visit.dispatch({ type: 'experience_closed' }))
  const sentence = state.live.includes(open.id) || state.site === null ? open.summary : sayRest(open, state, words)
  place.dataset['experience'] = open.id
  place.hidden = false
  place.setAttribute('aria-labelledby', 'arrival-name')
  const picture = make(page, 'img', { className: 'picture', src: open.cover, alt: '', width: 640, height: 480 })
  place.replaceChildren(
    ...(state.openedBy === 'trigger' ? [make(page, 'p', { className: 'here' }, words('arrived', { name }))] : []),
    make(
      page,
      'div',
      { className: 'landmark' },
      ...(open.cover === '' ? [] : [picture]),
      make(page, 'h2', { id: 'arrival-name', ...toldIn(open) }, open.title),
      make(page, 'p', { className: 'away' })
    ),
    make(page, 'p', sentence === open.summary ? toldIn(open) : {}, sentence),
    make(page, 'div', { className: 'buttons' }, see, close),
    make(page, 'p', { className: 'read' }, read)
  )
}

function sayRest(open: Experience, state: VisitState, words: Words): string {
  const when = state.site === null ? '' : sayWhen(open, state.site, state.at, words).sentence
  return words('arrival_rest', { when })
}

function nameOf(open: Experience, state: VisitState): string {
  return state.site?.landmarks.find(({ id }) => id === open.landmark)?.name ?? open.title
}

function tell(page: Document, open: Experience, state: VisitState, words: Words): void {
  announce(page, words('arrived', { name: nameOf(open, state) }))
  if (page.defaultView !== null) scrollTo(page.defaultView, 0)
}
