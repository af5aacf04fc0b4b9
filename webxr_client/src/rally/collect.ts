/** Standing at a landmark of a rally: its stamp comes onto the card by itself, or a line says what to do for it. */
import { make, makeButton } from '../ui/dom'
import type { Visit } from '../ui/visit'
import { readWords, type Words } from '../ui/words'
import type { Rally } from '../wire'
import { judge, nextInOrder, stampedOn, standing } from './card'
import { openCards } from './store'

/** Told to the document whenever a card has changed. */
export const CARD_CHANGED = 'card-changed'

/** See to the stamps of the landmark where the visitor stands now. */
export async function collectHere(visit: Visit, landmark: string): Promise<void> {
  document.getElementById('stamped')?.remove()
  for (const rally of visit.state.site?.rallies ?? []) {
    if (rally.landmarks.includes(landmark)) await collectFor(visit, rally, landmark)
  }
}

async function collectFor(visit: Visit, rally: Rally, landmark: string): Promise<void> {
  const cards = await openCards(visit.site)
  const words = readWords(document)
  const name = (id: string | null): string => visit.state.site?.landmarks.find((one) => one.id === id)?.name ?? ''
  const stamped = stampedOn(await cards.load(rally.id))
  const verdict = judge(rally, stamped, landmark, visit.io.clock.now())
  if (verdict === 'too_early')
    say(visit, rally, words('stamp_early', { name: name(nextInOrder(rally, stamped)) }), words)
  if (verdict === 'new' && rally.proof !== 'none')
    say(visit, rally, words('stamp_code', { name: name(landmark) }), words)
  if (verdict === 'new' && rally.proof === 'none' && (await addStamp(visit, rally, landmark))) {
    const { count } = standing(rally, [...stamped, landmark])
    say(visit, rally, words('stamp_new', { name: name(landmark), count, needed: rally.needed }), words)
  }
  cards.close()
}

/** Put a stamp onto the card unless it is there, or comes before its time; whether it is new. */
export async function addStamp(visit: Visit, rally: Rally, landmark: string, code?: string): Promise<boolean> {
  const cards = await openCards(visit.site)
  let isNew = false
  await cards.change(rally.id, (card) => {
    isNew = judge(rally, stampedOn(card), landmark, visit.io.clock.now()) === 'new'
    const stamp = { landmark, checked: code === undefined, ...(code === undefined ? {} : { code }) }
    return isNew ? { ...card, stamps: [...card.stamps, stamp] } : card
  })
  cards.close()
  if (isNew) {
    visit.tell({ type: 'stamp_collected', rally: rally.id, landmark })
    document.dispatchEvent(new CustomEvent(CARD_CHANGED, { detail: landmark }))
    void import('../book/keep').then(({ keepVisit }) => keepVisit(visit.site, localStorage, fetch))
  }
  return isNew
}

/** A line over the page with the way to the card, below those of other rallies; on the card's own page it leads nowhere. */
function say(visit: Visit, rally: Rally, sentence: string, words: Words): void {
  const onCard = visit.state.site?.rallies?.find((one) => document.location.pathname === wayTo(visit, one))
  if (onCard !== undefined && onCard.id !== rally.id) return // who looks at one card is not told of another
  const place = document.getElementById('stamped') ?? make(document, 'div', { id: 'stamped', className: 'stamped' })
  place.setAttribute('role', 'status')
  const way = wayTo(visit, rally)
  const buttons = make(document, 'div', { className: 'buttons' })
  if (document.location.pathname !== way)
    buttons.append(make(document, 'a', { href: way, className: 'primary' }, words('stamp_card')))
  const close = makeButton(document, words('stamp_close'), () => place.remove())
  if (place.childElementCount === 0) buttons.append(close)
  const title = make(document, 'strong', {}, rally.title)
  place.append(make(document, 'p', { className: 'sentence' }, title, make(document, 'br'), sentence), buttons)
  document.body.append(place)
}

function wayTo(visit: Visit, rally: Rally): string {
  return `/${visit.language}/${visit.site}/rallies/${rally.id}`
}
