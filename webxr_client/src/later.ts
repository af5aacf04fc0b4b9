/** When to do what nobody waits for: it must not take network and processor from what the page is opened for. */

const PATIENCE_MS = 8000
const MOMENT_MS = 200 // where the browser cannot say that it is idle

/** Run something once the page has loaded and rests. */
export function whenCalm(view: Window, run: () => void): void {
  const rest = (): void => {
    if ('requestIdleCallback' in view) view.requestIdleCallback(run, { timeout: PATIENCE_MS })
    else setTimeout(run, MOMENT_MS)
  }
  if (view.document.readyState === 'complete') rest()
  else view.addEventListener('load', rest, { once: true })
}

/** Run something once the page has set a performance mark and rests; without the mark after eight seconds. */
export function whenCalmAfter(mark: string, view: Window, run: () => void): void {
  const seen = new PerformanceObserver((list) => {
    if (list.getEntriesByName(mark).length > 0) go()
  })
  const timer = setTimeout(() => go(), PATIENCE_MS)
  const go = (): void => {
    seen.disconnect()
    clearTimeout(timer)
    whenCalm(view, run)
  }
  seen.observe({ type: 'mark', buffered: true })
}
