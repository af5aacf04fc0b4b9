/** The choice about counting: asked once without getting in the way, and changed on the privacy page. */
import { asksNotToFollow, readChoice, saveConsent, type Wish } from '../consent'
import type { Consent, ConsentState } from '../wire'
import { announce } from './dom'
import type { Words } from './words'

/** Version of the text a visitor agrees to; it changes when what is counted changes. */
export const CONSENT_TEXT = '2026-12'

/**
 * Show the panel while nothing is chosen, and let every button of the page choose. Gives a function that looks again:
 * a visitor is asked one thing at a time, so the panel waits until the question about the position is answered.
 */
export function setUpConsent(page: Document, storage: Storage, words: Words, onChange: () => void): () => void {
  const panel = page.getElementById('consent')
  const form = page.getElementById('choice-form')
  const show = (consent: Consent): void => {
    // on the privacy page its own form asks; the panel would ask the same thing twice
    const asking = panel !== null && consent.state === 'unset' && form === null && !isAskingPosition(page)
    if (panel !== null) panel.hidden = !asking
    page.documentElement.toggleAttribute('data-asking', asking)
    if (form !== null) showChoice(form, consent, words)
  }
  for (const button of page.querySelectorAll<HTMLButtonElement>('[data-consent]')) {
    button.addEventListener('click', () => {
      show(saveConsent(storage, button.dataset['consent'] as ConsentState, CONSENT_TEXT))
      announce(page, words('consent_saved'))
      onChange()
    })
  }
  const look = (): void => show(readChoice(storage, CONSENT_TEXT))
  const asked = asksNotToFollow(page.defaultView?.navigator as Wish)
  for (const line of page.querySelectorAll<HTMLElement>('.browser-asks')) line.hidden = !asked
  look()
  return look
}

function isAskingPosition(page: Document): boolean {
  return page.getElementById('walk')?.dataset['kind'] === 'not_asked'
}

function showChoice(form: HTMLElement, consent: Consent, words: Words): void {
  form.hidden = false
  const now = form.querySelector('#choice-now')
  if (now !== null) now.textContent = words(`consent_now_${consent.state}`)
  const state = consent.state === 'withdrawn' ? 'refused' : consent.state
  for (const button of form.querySelectorAll<HTMLButtonElement>('[data-consent]')) {
    button.setAttribute('aria-pressed', String(button.dataset['consent'] === state))
  }
}
