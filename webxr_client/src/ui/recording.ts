/** The line that says a trace is being kept on this page, and the button that hands it over. */
import type { Trace } from '../trace'
import { make, makeButton } from './dom'
import type { Words } from './words'

const EVERY_MS = 1000

/** Lay it before what is in a place; hidden while another way of looking has the page. */
export function layRecording(place: HTMLElement, trace: Trace, words: Words): void {
  const page = place.ownerDocument
  const save = makeButton(page, '', () => trace.save())
  const count = (): void => {
    const text = words('record_save', { count: trace.length })
    if (save.textContent !== text) save.textContent = text
    save.disabled = trace.length === 0
  }
  const row = make(page, 'div', { className: 'row' }, save)
  place.prepend(
    make(page, 'div', { className: 'words notice when-orbit' }, make(page, 'p', {}, words('record_on')), row)
  )
  count()
  setInterval(count, EVERY_MS)
}
