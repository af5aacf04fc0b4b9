/** Sunlight mode: black on white and larger, one tap away, remembered. */

const KEY = 'light'
const SUNLIGHT = 'sunlight'

/** Apply what was chosen before, and let the page's button change it. */
export function setUpLight(page: Document, storage: Storage): void {
  const button = page.getElementById('sunlight')
  const show = (on: boolean): void => {
    if (on) page.documentElement.dataset['light'] = SUNLIGHT
    else delete page.documentElement.dataset['light']
    button?.setAttribute('aria-pressed', String(on))
  }
  show(storage.getItem(KEY) === SUNLIGHT)
  if (button === null) return
  button.hidden = false
  button.addEventListener('click', () => {
    const on = storage.getItem(KEY) !== SUNLIGHT
    if (on) storage.setItem(KEY, SUNLIGHT)
    else storage.removeItem(KEY)
    show(on)
  })
}
