/** A new revision of the page without a reload: the server's new words take the place of the old ones. */
import { announce, need } from './dom'
import type { Words } from './words'

/** The parts of a page that the server writes and scripts only dress. */
const PARTS = ['#story', '#map']
/** What within them is at work and stays. */
const KEPT = ['#take']

/** Fetch the page again and exchange its parts; says so politely. False when it is no longer there. */
export async function refreshPage(page: Document, words: Words): Promise<boolean> {
  // the browser may hold the old page as fresh for some seconds: ask the server
  const answer = await fetch(page.location.pathname, { headers: { Accept: 'text/html' }, cache: 'no-cache' }).catch(
    () => null
  )
  if (answer === null) return false // no connection: the page stays as it is
  if (!answer.ok) {
    announce(page, words(answer.status === 404 || answer.status === 410 ? 'problem_missing' : 'problem_broken'))
    return false
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const focused = describeFocus(page)
  for (const part of PARTS) exchange(page.querySelector(part), fresh.querySelector(part))
  need(page, 'main').dataset['edition'] = need(fresh, 'main').dataset['edition'] ?? ''
  if (focused !== null) page.querySelector<HTMLElement>(focused)?.focus({ preventScroll: true })
  announce(page, words('updated'))
  return true
}

function exchange(old: Element | null, new_: Element | null): void {
  if (old === null || new_ === null) return
  const adopted = old.ownerDocument.adoptNode(new_)
  for (const kept of KEPT) {
    const alive = old.querySelector(kept)
    if (alive !== null) adopted.querySelector(kept)?.replaceWith(alive)
  }
  old.replaceWith(adopted)
}

/** A selector that finds the focused element's successor; null when nothing within the parts has the focus. */
function describeFocus(page: Document): string | null {
  const focused = page.activeElement
  const part = PARTS.find((selector) => focused?.closest(selector) != null)
  if (focused === null || part === undefined) return null
  if (focused.id !== '') return `#${CSS.escape(focused.id)}`
  const address = focused.getAttribute('href')
  return address === null ? part : `${part} [href="${CSS.escape(address)}"]`
}
