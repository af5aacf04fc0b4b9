/** One permission at a time: our own words first, then the browser's question inside the same tap, and no cost in a no. */
import { make, makeButton } from './dom'
import type { Words } from './words'

/** granted; declined: said to us, the browser was not asked; the rest is the browser's or the phone's answer. */
export type Answer = 'granted' | 'declined' | 'denied' | 'missing' | 'busy'

export interface Question {
  /** Names the sentences: `ask_` and this, and its `_title`. */
  key: 'motion' | 'position' | 'camera'
  /** Asks the browser; called in the tap itself, since an iPhone forgets the tap while anything is awaited. */
  ask: () => Promise<Answer>
}

/** Ask one of several questions in a place of the page; resolves with the answer. */
export function askInTap(
  place: HTMLElement,
  { key, ask }: Question,
  number: { step: number; of: number },
  words: Words
): Promise<Answer> {
  const page = place.ownerDocument
  return new Promise((answer) => {
    const row = make(page, 'div', { className: 'row' })
    const yes = makeButton(
      page,
      words('ask_yes'),
      () => {
        for (const button of row.querySelectorAll('button')) button.disabled = true
        void ask().then(answer)
      },
      'primary'
    )
    row.append(
      yes,
      makeButton(page, words('ar_not_now'), () => answer('declined'))
    )
    const title = make(page, 'h2', { id: 'ask-title' }, words(`ask_${key}_title`))
    const count = make(page, 'p', { className: 'ask-step' }, words('ask_step', number))
    const card = make(page, 'section', { className: 'words' }, ...(number.of > 1 ? [count] : []), title)
    card.setAttribute('aria-labelledby', title.id)
    card.append(make(page, 'p', {}, words(`ask_${key}`)), row)
    place.replaceChildren(card)
    yes.focus()
  })
}
