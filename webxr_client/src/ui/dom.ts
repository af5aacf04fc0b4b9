/** Finding and making elements. */

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

/** Say something to a screen reader once it is quiet; the page's `#news` is a polite live region. */
export function announce(page: Document, sentence: string): void {
  const news = page.getElementById('news')
  if (news !== null) news.textContent = sentence
}
