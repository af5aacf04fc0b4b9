/** The way through the phone's settings, in pictures; the server drew it into the page (templates/visitor/settings_ways.html). */
import type { Device } from '../device'
import { make } from './dom'
import type { Words } from './words'

/** A part that opens to the pictures, those of the likelier phone first and open. */
export function makeSettings(page: Document, device: Device, words: Words): HTMLElement {
  const drawn = page.querySelector<HTMLTemplateElement>('#settings-ways')
  const part = make(page, 'details', { className: 'settings' }, make(page, 'summary', {}, words('settings_open')))
  if (drawn === null) throw new Error('the page has no pictures of the settings')
  part.append(drawn.content.cloneNode(true))
  const likely = part.querySelector<HTMLDetailsElement>(`[data-phone=${device.quickLook ? 'ios' : 'android'}]`)
  if (likely !== null) {
    likely.open = true
    part.querySelector('[data-phone]')?.before(likely)
  }
  return part
}
