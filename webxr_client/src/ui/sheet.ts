/** The sheet slides over the stage as the page is scrolled; its button does the same without dragging. */
import { need } from './dom'
import type { Words } from './words'

/** Make the sheet's button scroll it up and down. */
export function setUpSheet(view: Window, words: Words): void {
  const page = view.document
  const grip = page.getElementById('grip')
  if (grip === null) return
  const button = need(page, '#grip-button')
  const word = need(button, '.words')
  const isUp = (): boolean => grip.getBoundingClientRect().top < view.innerHeight / 4
  const show = (): void => {
    const up = isUp()
    if (button.getAttribute('aria-expanded') === String(up) && word.textContent !== '') return
    button.setAttribute('aria-expanded', String(up))
    word.textContent = words(up ? 'sheet_close' : 'sheet_open')
  }
  grip.hidden = false
  show()
  view.addEventListener('scroll', show, { passive: true })
  button.addEventListener('click', () => {
    if (isUp()) scrollTo(view, 0)
    else scrollTo(view, view.scrollY + grip.getBoundingClientRect().top)
  })
}

/** Scroll to a height in px: gently, or at once for whoever asked for less motion. */
export function scrollTo(view: Window, top_px: number): void {
  const calm = view.matchMedia('(prefers-reduced-motion: reduce)').matches
  view.scrollTo({ top: top_px, behavior: calm ? 'auto' : 'smooth' })
}
