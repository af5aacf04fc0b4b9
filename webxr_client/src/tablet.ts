/** A tablet at a landmark: the next code is fetched as the old one ends, and an old one is never shown as if it were new. */
import { make, need } from './ui/dom'

/** What the tablet shows, and for how many ms still. */
interface Shown {
  code: string
  qr: string
  ms: number
}

const AGAIN_MS = 3000
const TIMEOUT_MS = 8000

/** Keep a tablet's page going; gives what ends it. */
export function keepShowing(view: Window, root: HTMLElement): () => void {
  const page = view.document
  let ends_at = view.performance.now() + Number(root.dataset['ms'] ?? 0)
  let timer = 0
  const lost = need(root, '.tablet-lost')
  const run = async (): Promise<void> => {
    const shown = await fetchNow(root.dataset['now'] ?? '')
    if (shown === null) {
      lost.hidden = view.performance.now() < ends_at
      root.classList.toggle('is-old', !lost.hidden)
      timer = view.setTimeout(() => void run(), AGAIN_MS)
      return
    }
    show(page, root, shown)
    lost.hidden = true
    root.classList.remove('is-old')
    ends_at = view.performance.now() + shown.ms
    timer = view.setTimeout(() => void run(), shown.ms)
  }
  timer = view.setTimeout(() => void run(), Number(root.dataset['ms'] ?? 0))
  shrink(root, Number(root.dataset['ms'] ?? 0))
  const stopWaking = stayAwake(view)
  return () => {
    view.clearTimeout(timer)
    stopWaking()
  }
}

async function fetchNow(address: string): Promise<Shown | null> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS)
  try {
    const answer = await fetch(address, { cache: 'no-store', signal: abort.signal })
    return answer.ok ? ((await answer.json()) as Shown) : null
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}

function show(page: Document, root: HTMLElement, shown: Shown): void {
  const drawn = new DOMParser().parseFromString(shown.qr, 'text/html') // as in the page: an SVG without a namespace of its own
  need(root, '.tablet-code').replaceChildren(page.importNode(need(drawn, 'svg'), true))
  need(root, '.big-code').replaceChildren(make(page, 'span', {}, shown.code))
  shrink(root, shown.ms)
}

/** The line that says how long the code is still shown. */
function shrink(root: HTMLElement, ms: number): void {
  const line = need(root, '.tablet-left span')
  line.animate?.([{ transform: `scaleX(${Math.min(ms / 30_000, 1)})` }, { transform: 'scaleX(0)' }], {
    duration: ms,
    fill: 'forwards'
  })
}

/** Keep the screen on, where the browser can. */
export function stayAwake(view: Window): () => void {
  const { wakeLock } = view.navigator as { wakeLock?: WakeLock }
  const ask = (): void => {
    if (view.document.visibilityState === 'visible') void wakeLock?.request('screen').catch(() => undefined)
  }
  ask()
  view.document.addEventListener('visibilitychange', ask)
  return () => view.document.removeEventListener('visibilitychange', ask)
}
