/** What can be put right by hand, as buttons: a card over the view that opens and closes. */
import type { WindowSession } from '../window/session'
import { make, makeButton } from './dom'
import type { Words } from './words'

export interface Adjusting {
  /** Say distance and lens as they are now. */
  show: () => void
}

type Act = [key: string, act: () => void]

const STEP = 1.1 // of one press
const TURN_DEG = 1

/** Lay the card over a row of buttons, and its opener into the row. */
export function layAdjusting(place: HTMLElement, row: HTMLElement, session: WindowSession, words: Words): Adjusting {
  const page = place.ownerDocument
  const line = (): HTMLElement => make(page, 'p', {})
  const buttons = (...acts: Act[]): HTMLElement =>
    make(page, 'div', { className: 'row' }, ...acts.map(([key, act]) => makeButton(page, words(key), act)))
  const [distance, lens] = [line(), line()]
  const undo = makeButton(page, words('sight_undo'), () => session.undo())
  const own =
    session.state === 'overlaid'
      ? [
          make(page, 'p', {}, words('window_turn')),
          buttons(
            ['window_turn_left', () => session.turnBy(-TURN_DEG)],
            ['window_turn_right', () => session.turnBy(TURN_DEG)]
          ),
          make(page, 'div', { className: 'row' }, undo)
        ]
      : [
          distance,
          buttons(
            ['window_nearer', () => session.approach(STEP)],
            ['window_farther', () => session.approach(1 / STEP)],
            ['window_put', () => session.put()]
          )
        ]
  const sizes = buttons(
    ['window_smaller', () => session.enlarge(1 / STEP)],
    ['window_larger', () => session.enlarge(STEP)]
  )
  const card = make(page, 'section', { className: 'words adjusting', hidden: true }, ...own, lens, sizes)
  card.setAttribute('aria-label', words('window_adjust'))
  layOpener(place, row, card, words)
  const show = (): void => {
    distance.textContent = words('window_distance', { metres: Math.round(session.away_m) })
    lens.textContent = words('window_lens', { degrees: Math.round(session.lens_deg) })
    undo.disabled = !session.canUndo
  }
  show()
  return { show }
}

function layOpener(place: HTMLElement, row: HTMLElement, card: HTMLElement, words: Words): void {
  const opener = makeButton(place.ownerDocument, words('window_adjust'), () => {
    card.hidden = !card.hidden
    opener.textContent = words(card.hidden ? 'window_adjust' : 'window_adjust_close')
    opener.setAttribute('aria-expanded', String(!card.hidden))
    place.closest('#overlay')?.toggleAttribute('data-adjusting', !card.hidden)
  })
  opener.setAttribute('aria-expanded', 'false')
  row.append(opener)
  place.prepend(card)
}
