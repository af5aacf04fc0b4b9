/** The page of what happens now: its part is fetched each minute and put in place; what is old says so. */
import { stayAwake } from './tablet'
import { need, setText } from './ui/dom'

const TIMEOUT_MS = 15_000

/** Keep the page new; gives what ends it. */
export function keepRenewing(view: Window, root: HTMLElement): () => void {
  const page = view.document
  const each_ms = Number(root.dataset['eachS']) * 1000
  let renewed_at = view.performance.now()
  const renew = async (): Promise<void> => {
    if (page.visibilityState === 'hidden') return
    const shown = await fetchShown(view)
    need(root, '.now-lost').hidden = shown !== null
    root.classList.toggle('is-old', shown === null)
    if (shown === null) return
    renewed_at = view.performance.now()
    need(root, '.now-shown').replaceWith(page.importNode(shown, true))
    setText(root.querySelector('.now-said'), shown.dataset['said'] ?? '')
  }
  const onSeen = (): void => {
    // who looks again after a while need not wait out the minute
    if (page.visibilityState === 'visible' && view.performance.now() - renewed_at >= each_ms) void renew()
  }
  const timer = view.setInterval(() => void renew(), each_ms)
  page.addEventListener('visibilitychange', onSeen)
  const stopWaking = stayAwake(view)
  return () => {
    view.clearInterval(timer)
    page.removeEventListener('visibilitychange', onSeen)
    stopWaking()
  }
}

/** The part as the server has it now; null without a connection, or when one has to sign in again. */
async function fetchShown(view: Window): Promise<HTMLElement | null> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS)
  try {
    const answer = await fetch(view.location.href, { cache: 'no-store', signal: abort.signal })
    if (!answer.ok) return null
    return new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector<HTMLElement>('.now-shown')
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}
