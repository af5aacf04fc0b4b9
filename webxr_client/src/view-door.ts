/** The way into a view in three dimensions: at once, or by a button where its bytes are dear. */
import { fill } from './staff'

export interface ViewWords {
  label: string
  loading: string
  no_webgl: string
  load_failed: string
  show: string
}

/** What a view says under itself. */
export type Tell = (sentence: string) => void

type Thrifty = Navigator & { connection?: { saveData?: boolean; effectiveType?: string } }

/** Open a view in a figure; `open` gives false where the browser cannot draw it. The figure says what happens. */
export function openView(figure: HTMLElement, words: ViewWords, open: (tell: Tell) => Promise<boolean>): void {
  const said = figure.querySelector<HTMLElement>('[id$="-said"]')
  const tell: Tell = (sentence) => {
    if (said !== null) said.textContent = sentence
  }
  const begin = async (): Promise<void> => {
    tell(words.loading)
    for (const part of figure.querySelectorAll<HTMLElement>('[hidden]')) part.hidden = false
    let opened = false
    try {
      opened = await open(tell)
    } catch {
      tell(words.load_failed)
      return
    }
    if (opened) return
    tell(words.no_webgl)
    for (const part of figure.querySelectorAll<HTMLElement>('.stage, .buttons')) part.hidden = true
  }
  figure.hidden = false
  const { connection } = navigator as Thrifty
  if (connection?.saveData !== true && connection?.effectiveType?.endsWith('2g') !== true) {
    void begin()
    return
  }
  const button = figure.ownerDocument.createElement('button')
  button.type = 'button'
  button.textContent = fill(words.show, { size: `${(Number(figure.dataset['bytes']) / 1e6).toFixed(1)} MB` })
  button.addEventListener('click', () => {
    button.remove()
    void begin()
  })
  figure.prepend(button)
}
