/** Starts the service worker, and hands it what pages have loaded without its seeing it. */

const UNTOLD = 'untold'

/**
 * Register the worker of the visitor pages once `when` says so; without support, or on an insecure address, nothing
 * happens. Whether the worker answers for this page now says nothing about what it has seen of it: it may have taken
 * the page over half-way, or come to be while the page was on its way. Each address says so for itself.
 */
export function registerWorker(view: Window, when: (run: () => void) => void): void {
  const workers = view.navigator.serviceWorker as ServiceWorkerContainer | undefined // absent on insecure pages
  if (workers === undefined) return
  const leave = (): void => remember(view)
  view.addEventListener('pagehide', leave)
  when(async () => {
    const registered = await workers.register('/sw.js', { scope: '/' }).catch(() => null)
    if (registered === null) return // refused, as some private modes do: the page works with network only
    const { active } = await workers.ready
    view.removeEventListener('pagehide', leave)
    const tell = (urls: string[]): void => {
      if (urls.length > 0) active?.postMessage({ keep: urls })
    }
    tell([...recall(view), ...ownOf(view, view.performance.getEntriesByType('navigation'))])
    const watch = new PerformanceObserver((list) => tell(ownOf(view, list.getEntries())))
    watch.observe({ type: 'resource', buffered: true })
  })
}

/** Addresses of this server that went past the worker. */
function ownOf(view: Window, entries: PerformanceEntryList): string[] {
  const past = (entries as PerformanceResourceTiming[]).filter(({ workerStart }) => !(workerStart > 0))
  const urls = past.map(({ name, entryType }) => (entryType === 'navigation' ? view.location.href : name))
  return urls.map((url) => url.split('#')[0] ?? '').filter((url) => url.startsWith(view.location.origin))
}

/** A page that goes before the worker is there leaves its addresses to the next one of the same tab. */
function remember(view: Window): void {
  const { performance, sessionStorage } = view
  const entries = ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type))
  const urls = new Set([...recall(view), ...ownOf(view, entries)])
  sessionStorage.setItem(UNTOLD, JSON.stringify([...urls]))
}

function recall(view: Window): string[] {
  const text = view.sessionStorage.getItem(UNTOLD)
  view.sessionStorage.removeItem(UNTOLD)
  return text === null ? [] : (JSON.parse(text) as string[])
}
