/** The choice about counting: asked once without getting in the way, and changed on the privacy page. */
import { readConsent, saveConsent } from '../consent'
import type { Consent, ConsentState } from '../wire'
import { announce } from './dom'
import type { Words } from './words'

/** Version of the text a visitor agrees to; it changes when what is counted changes. */
export const CONSENT_TEXT = '2026-11'

/** Show the panel while nothing is chosen, and let every button of the page choose. */
export function setUpConsent(page: Document, storage: Storage, words: Words, onChange: () => void): void {
  const panel = page.getElementById('consent')
  const form = page.getElementById('choice-form')
  const show = (consent: Consent): void => {
    // on the privacy page its own form asks; the panel would ask the same thing twice
    if (panel !== null) panel.hidden = consent.state !== 'unset' || form !== null
    if (form !== null) showChoice(form, consent, words)
  }
  for (const button of page.querySelectorAll<HTMLButtonElement>('[data-consent]')) {
    button.addEventListener('click', () => {
      show(saveConsent(storage, button.dataset['consent'] as ConsentState, CONSENT_TEXT))
      announce(page, words('consent_saved'))
      onChange()
    })
  }
  show(readConsent(storage, CONSENT_TEXT))
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
