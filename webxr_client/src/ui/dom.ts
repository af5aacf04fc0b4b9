/** Finding and making elements, and writing into them. */
import { plain, readText } from './ruby'

/** The element a page must have. */
export function need<T extends Element = HTMLElement>(root: ParentNode, selector: string): T {
  const element = root.querySelector<T>(selector)
  if (element === null) throw new Error(`the page has no ${selector}`)
  return element
}

type Properties<T extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[T], 'style' | 'dataset' | 'classList'>
>

/** A new element with properties and children. */
export function make<T extends keyof HTMLElementTagNameMap>(
  page: Document,
  tag: T,
  properties: Properties<T> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[T] {
  const element = Object.assign(page.createElement(tag), properties)
  element.append(...children)
  return element
}

/** A button with a word that does something. */
export function makeButton(page: Document, word: string, act: () => void, className = ''): HTMLButtonElement {
  const button = make(page, 'button', { type: 'button', className }, word)
  button.addEventListener('click', act)
  return button
}

/** Let an element say something; what it says already is not said again to whoever listens. */
export function setText(element: Element | null, text: string): void {
  if (element !== null && readText(element) !== text) element.textContent = text
}

/** Attributes of what is told in another language than the page's; none where it is the same. */
export function toldIn({ told_in }: { told_in?: string }): { lang?: string } {
  return told_in === undefined ? {} : { lang: told_in }
}

/** Say something to a screen reader once it is quiet; the page's `#news` is a polite live region. */
export function announce(page: Document, sentence: string): void {
  const news = page.getElementById('news')
  if (news !== null) news.textContent = plain(sentence)
}
