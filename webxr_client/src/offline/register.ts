/** Starts the service worker, and hands it what this page loaded before there was one. */

/** Register the worker of the visitor pages; without support, or on an insecure address, nothing happens. */
export async function registerWorker(view: Window): Promise<void> {
  const workers = view.navigator.serviceWorker as ServiceWorkerContainer | undefined // absent on insecure pages
  if (workers === undefined) return
  const hadWorker = workers.controller !== null
  const registered = await workers.register('/sw.js', { scope: '/' }).catch(() => null)
  if (registered === null || hadWorker) return // refused, as some private modes do: the page works with network only
  const { active } = await workers.ready
  const tell = (urls: string[]): void => {
    const own = urls.filter((url) => url.startsWith(view.location.origin))
    if (own.length > 0) active?.postMessage({ keep: own })
  }
  tell([view.location.href.split('#')[0] ?? ''])
  // what is asked for from here on passes through the worker, which sees it itself
  const claimed_at = await whenClaimed(view, workers)
  const watch = new PerformanceObserver((list) => {
    const before = list.getEntries().filter(({ startTime }) => startTime < claimed_at)
    tell(before.map(({ name }) => name))
  })
  watch.observe({ type: 'resource', buffered: true })
}

/** The moment, in ms since the page began, by which the worker answers for it. */
async function whenClaimed(view: Window, workers: ServiceWorkerContainer): Promise<number> {
  if (workers.controller === null) {
    await new Promise((resolve) => workers.addEventListener('controllerchange', resolve, { once: true }))
  }
  return view.performance.now()
}
