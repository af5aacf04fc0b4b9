/** The panel over the lower part of a scene: one text at a time, closed by its button or Escape, the focus given back. */
import { make, makeButton } from './dom'
import type { Words } from './words'

const openers = new WeakMap<HTMLElement, HTMLElement>()

/** Open it with a title and content; `opener` gets the focus back. */
export function openPanel(
  panel: HTMLElement,
  opener: HTMLElement,
  words: Words,
  title: string,
  ...content: Node[]
): void {
  const page = panel.ownerDocument
  closePanel(panel)
  const heading = make(page, 'h2', { id: 'panel-title', tabIndex: -1 }, title)
  const close = makeButton(page, words('panel_close'), () => closePanel(panel))
  panel.replaceChildren(make(page, 'div', { className: 'panel-head' }, heading, close), ...content)
  panel.onkeydown = (event) => {
    if (event.key === 'Escape') closePanel(panel)
  }
  openers.set(panel, opener)
  panel.hidden = false
  heading.focus()
}

/** Close it and silence what it plays; nothing happens while it is closed. */
export function closePanel(panel: HTMLElement): void {
  if (panel.hidden) return
  for (const sound of panel.querySelectorAll('audio')) sound.pause()
  const hadFocus = panel.contains(panel.ownerDocument.activeElement)
  panel.hidden = true
  panel.replaceChildren()
  const opener = openers.get(panel)
  if (!hadFocus || opener === undefined) return
  opener.hidden = false // a point that turned out of sight meanwhile: what has the focus stays shown
  opener.focus()
}
