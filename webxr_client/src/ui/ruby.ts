/** Readings over kanji, `{漢字|かんじ}` in sentences of plain Japanese: ruby in the page, the bare word where none can be. */

// the same letters as the server's domain/ruby.py: nothing that means anything to HTML
const KANA = '\\u3041-\\u3096\\u30a1-\\u30fa\\u30fc'
const MARKED = new RegExp(`\\{([0-9\\u3005-\\u3007\\u3400-\\u9fff\\uf900-\\ufaff${KANA}]+)\\|([${KANA}]+)\\}`, 'g')
const SPOKEN = ['aria-label', 'title', 'alt', 'placeholder']

/** The text without its readings, for attributes, pictures, voices and whatever else takes no ruby. */
export function plain(text: string): string {
  return text.replace(MARKED, '$1')
}

/** What an element says, with its readings marked as in the sentences it was made from. */
export function readText(element: Element): string {
  let text = ''
  for (const child of element.childNodes) {
    if (!(child instanceof Element)) text += child.nodeValue ?? ''
    else if (child.tagName === 'RUBY')
      text += `{${child.firstChild?.nodeValue}|${child.querySelector('rt')?.textContent}}`
    else text += readText(child)
  }
  return text
}

/** Keep a page of plain Japanese dressed: whatever script writes into it gets its readings. Other pages are left alone. */
export function keepRuby(page: Document): void {
  if (page.documentElement.dataset['language'] !== 'ja-x-easy') return
  const watching = new MutationObserver((changes) => {
    for (const { target, addedNodes, type } of changes) {
      if (type === 'childList') for (const node of addedNodes) dress(node)
      else dress(target)
    }
  })
  watching.observe(page.body, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: SPOKEN
  })
}

function dress(node: Node): void {
  if (node instanceof Text) dressText(node)
  if (!(node instanceof Element) || node.tagName === 'SCRIPT') return
  for (const name of SPOKEN) {
    const value = node.getAttribute(name)
    if (value !== null && plain(value) !== value) node.setAttribute(name, plain(value))
  }
  for (const child of [...node.childNodes]) dress(child)
}

/** In one span, since a parent that lays its children out in a row would tear words apart. */
function dressText(node: Text): void {
  const page = node.ownerDocument
  const span = page.createElement('span')
  span.className = 'read'
  let end = 0
  for (const found of node.data.matchAll(MARKED)) {
    span.append(node.data.slice(end, found.index), rubyOf(page, found[1] ?? '', found[2] ?? ''))
    end = found.index + found[0].length
  }
  if (end === 0) return
  span.append(node.data.slice(end))
  if (node.parentElement?.tagName === 'OPTION') node.data = plain(node.data)
  else node.replaceWith(span)
}

function rubyOf(page: Document, base: string, reading: string): HTMLElement {
  const [ruby, before, above, after] = ['ruby', 'rp', 'rt', 'rp'].map((tag) => page.createElement(tag)) as HTMLElement[]
  before?.append('（')
  above?.append(reading)
  after?.append('）')
  ruby?.append(base, before ?? '', above ?? '', after ?? '')
  return ruby as HTMLElement
}
