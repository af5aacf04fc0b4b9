/**
 * The sighting gesture: choose a named point one can see, hold the ring in the middle of the view on it, say so.
 * Buttons only, low on the screen: one thumb, a keyboard or a screen reader does all of it; a tap on the view counts too.
 */
import { make, makeButton } from './dom'
import type { Words } from './words'

/** A surveyed point as the visitor sees it offered. */
export interface Sightable {
  id: string
  name: string
}

export interface SightingParts {
  /** Where the buttons go. */
  place: HTMLElement
  /** What lies over the whole view; the ring is drawn in its middle. */
  overlay: HTMLElement
  points: readonly Sightable[]
  words: Words
  /** The top line. */
  say: (sentence: string) => void
  /** The ring is on this point now. */
  onTake: (id: string) => void
  /** The visitor is done, or thought better of it. */
  onClose: () => void
}

export interface Sighting {
  close: () => void
}

/** Begin with the list of points; after each point taken the list comes again. */
export function openSighting(parts: SightingParts): Sighting {
  const { place, overlay, points, words, say, onTake, onClose } = parts
  const page = place.ownerDocument
  const ring = makeRing(page)
  const taken = new Set<string>()
  let take = (): void => undefined
  ring.addEventListener('click', () => take())

  const choose = (): void => {
    ring.remove()
    say(words('sight_choose'))
    const buttons = points.map((point) => {
      const button = makeButton(page, point.name, () => hold(point))
      if (taken.has(point.id)) button.append(make(page, 'span', { className: 'done' }, words('sight_done')))
      return make(page, 'li', {}, button)
    })
    const list = make(page, 'ul', { className: 'points-list' }, ...buttons)
    list.setAttribute('role', 'list')
    const close = makeButton(page, words(taken.size > 0 ? 'sight_close' : 'ar_not_now'), onClose)
    place.replaceChildren(list, make(page, 'div', { className: 'row' }, close))
    list.querySelector('button')?.focus()
  }
  const hold = (point: Sightable): void => {
    overlay.append(ring)
    say(words('sight_hold', { name: point.name }))
    take = () => {
      taken.add(point.id)
      onTake(point.id)
      choose()
    }
    const yes = makeButton(page, words('sight_take'), () => take(), 'primary')
    place.replaceChildren(make(page, 'div', { className: 'row' }, yes, makeButton(page, words('sight_other'), choose)))
    yes.focus()
  }
  choose()
  overlay.toggleAttribute('data-aiming', true)
  const close = (): void => {
    ring.remove()
    overlay.toggleAttribute('data-aiming', false)
  }
  return { close }
}

/** A ring with an open middle, so that the point itself is seen; all of the view around it takes the tap. */
function makeRing(page: Document): HTMLElement {
  const ring = make(page, 'div', { className: 'sighting' })
  ring.setAttribute('aria-hidden', 'true') // what it does is a button, too
  ring.append(make(page, 'span', { className: 'ring' }))
  return ring
}
