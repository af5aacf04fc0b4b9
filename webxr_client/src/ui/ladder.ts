/** The panel with all ways of looking: which there are, what the others lack, and a tap to take one. */
import type { Device } from '../device'
import { ladderOf, type Rung, type SideWay, sideWaysOf } from '../ladder'
import { make, makeButton } from './dom'
import type { Words } from './words'

/** What the visitor may take by a tap; words and the phone's own viewer are links. */
export type Taken = Exclude<Rung, 'words'> | Exclude<SideWay, 'quick_look'>

export interface Offer {
  device: Device
  /** The way the visitor looks now. */
  now: Taken
  /** The model stands on the screen. */
  ready: boolean
  title: string
  /** The page in words. */
  words_href: string
  /** The model for the phone's own viewer, and a picture of it. */
  usdz: string | null
  poster: string
}

export interface LadderActs {
  take: (way: Taken) => void
  close: () => void
}

/** Fill the panel and open it. */
export function openLadder(panel: HTMLElement, offer: Offer, acts: LadderActs, words: Words): void {
  const { device, now, ready } = offer
  const page = panel.ownerDocument
  const title = make(page, 'h2', { id: 'ladder-title', tabIndex: -1 }, words('ways_title'))
  const close = makeButton(page, words('panel_close'), acts.close)
  const rungs = ladderOf(device).map(({ rung, lack }) => {
    const waits = !ready && (rung === 'ar' || rung === 'window')
    const text = rung === now ? 'way_now' : lack === null ? (waits ? 'way_waits' : `way_${rung}_text`) : `lack_${lack}`
    const open = lack === null && rung !== now && !waits
    return makeItem(page, open ? makeTaker(page, rung, offer, acts, words) : words(`way_${rung}`), words(text))
  })
  const sides = sideWaysOf(device, offer.usdz !== null).map((way) => {
    const waits = !ready && way !== 'quick_look'
    const text = words(way === now ? 'way_now' : waits ? 'way_waits' : `way_${way}_text`)
    if (way === 'quick_look') return makeItem(page, words('way_quick_look'), text, makeQuickLook(page, offer, words))
    if (way === now || waits) return makeItem(page, words(`way_${way}`), text)
    return makeItem(
      page,
      makeButton(page, words(`way_${way}`), () => acts.take(way)),
      text
    )
  })
  const list = make(page, 'ul', { className: 'ladder-list' }, ...rungs, ...sides)
  list.setAttribute('role', 'list') // Safari takes the role away with the bullets
  panel.replaceChildren(make(page, 'div', { className: 'panel-head' }, title, close), list)
  panel.hidden = false
  title.focus()
}

function makeTaker(page: Document, rung: Rung, offer: Offer, acts: LadderActs, words: Words): HTMLElement {
  const name = words(`way_${rung}`)
  if (rung === 'words') return make(page, 'a', { className: 'button', href: offer.words_href }, name)
  return makeButton(page, name, () => acts.take(rung))
}

function makeItem(page: Document, head: HTMLElement | string, text: string, ...more: HTMLElement[]): HTMLElement {
  const name = typeof head === 'string' ? make(page, 'strong', {}, head) : head
  return make(page, 'li', {}, name, make(page, 'p', {}, text), ...more)
}

/** Safari opens its viewer only from a link that holds one picture and nothing else; the size is not the visitor's to change. */
function makeQuickLook(page: Document, offer: Offer, words: Words): HTMLElement {
  const picture = make(page, 'img', {
    src: offer.poster,
    alt: words('quick_look_picture', { title: offer.title }),
    width: 128,
    height: 96
  })
  return make(page, 'a', { rel: 'ar', className: 'quick-look', href: `${offer.usdz}#allowsContentScaling=0` }, picture)
}
