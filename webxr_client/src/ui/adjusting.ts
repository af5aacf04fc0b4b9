/** Nearer and farther, and what a pinch does, as buttons: a card over the view that opens and closes. */
import type { WindowSession } from '../window/session'
import { make, makeButton } from './dom'
import type { Words } from './words'

export interface Adjusting {
  /** Say distance and lens as they are now. */
  show: () => void
}

const STEP = 1.1 // of one press

/** Lay the card over a row of buttons, and its opener into the row. */
export function layAdjusting(place: HTMLElement, row: HTMLElement, session: WindowSession, words: Words): Adjusting {
  const page = place.ownerDocument
  const distance = make(page, 'p', {})
  const lens = make(page, 'p', {})
  const pair = (less: [string, () => void], more: [string, () => void]): HTMLElement => {
    const buttons = [less, more].map(([key, act]) => makeButton(page, words(key), act))
    return make(page, 'div', { className: 'row' }, ...buttons)
  }
  const card = make(
    page,
    'section',
    { className: 'words adjusting', hidden: true },
    distance,
    pair(['window_nearer', () => session.approach(STEP)], ['window_farther', () => session.approach(1 / STEP)]),
    lens,
    pair(['window_smaller', () => session.enlarge(1 / STEP)], ['window_larger', () => session.enlarge(STEP)])
  )
  card.setAttribute('aria-label', words('window_adjust'))
  const opener = makeButton(page, words('window_adjust'), () => {
    card.hidden = !card.hidden
    opener.textContent = words(card.hidden ? 'window_adjust' : 'window_adjust_close')
    opener.setAttribute('aria-expanded', String(!card.hidden))
  })
  opener.setAttribute('aria-expanded', 'false')
  row.append(opener)
  place.prepend(card)
  const show = (): void => {
    distance.textContent = words('window_distance', { metres: Math.round(session.away_m) })
    lens.textContent = words('window_lens', { degrees: Math.round(session.lens_deg) })
  }
  show()
  return { show }
}
