/** A page inside another app: says what is kept from it there, and offers the phone's own browser. */
import { findApp, findWayOut } from '../inapp'
import { announce, make, makeButton } from './dom'
import type { Words } from './words'

/** The sentence with its button. */
export function makeKeptBack(view: Window, words: Words): HTMLElement {
  const page = view.document
  const { userAgent } = view.navigator
  const app = findApp(userAgent)
  const sentence = make(page, 'p', {}, app === null ? words('kept_back_unknown') : words('kept_back', { app }))
  const way = findWayOut(app, userAgent, view.location.href)
  const out =
    way.kind === 'link'
      ? make(page, 'a', { className: 'primary', href: way.href }, words('leave_app'))
      : makeButton(page, words('copy_address'), () => void copy(view, sentence, words))
  return make(page, 'div', { className: 'words notice' }, sentence, make(page, 'div', { className: 'row' }, out))
}

async function copy(view: Window, sentence: HTMLElement, words: Words): Promise<void> {
  const address = view.location.href
  const copied = await view.navigator.clipboard?.writeText(address).then(
    () => true,
    () => false // forbidden in this app
  )
  sentence.textContent = copied === true ? words('address_copied') : words('address_by_hand', { address })
  announce(view.document, sentence.textContent)
}
