/**
 * The service worker of the visitor pages: what was seen once can be seen again without network.
 * It takes over new versions only when no page of the old one is open, since those still load the old files.
 */
import { chooseManner, NEVER } from './route'

declare const SHELL_FILES: string[]
declare const SHELL_VERSION: string

const worker = self as unknown as ServiceWorkerGlobalScope
const SHELL = `shell-${SHELL_VERSION}`
const PAGES = 'pages'
const PACKAGES = 'packages'
const PATIENCE_MS = 4000
const MAX_PACKAGE_FILES = 40
const MAX_PAGES = 120
const ANYHOW = { ignoreVary: true } as const // pages vary only by encoding, which the cache has undone

/** Static routing of service workers, whose types TypeScript does not have yet. */
type RoutingEvent = ExtendableEvent & {
  addRoutes?: (routes: { condition: { urlPattern: { pathname: string } }; source: 'network' }[]) => Promise<void>
}

/** What a page tells its worker: addresses it has loaded before there was one. */
interface KeepMessage {
  keep: string[]
}

worker.addEventListener('install', (event) => {
  bypass(event)
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(SHELL_FILES)))
})

worker.addEventListener('activate', (event) => {
  event.waitUntil(dropOldShells().then(() => worker.clients.claim()))
})

worker.addEventListener('message', (event) => {
  const { keep } = event.data as KeepMessage
  event.waitUntil(Promise.all(keep.map((url) => keepAnswer(url))))
})

worker.addEventListener('fetch', (event) => {
  const { request } = event
  const { method, url, mode, headers } = request
  const manner = chooseManner({ method, url, mode, hasRange: headers.has('range') }, worker.location.origin)
  if (manner === 'kept') event.respondWith(answerKept(request, SHELL))
  if (manner === 'package') event.respondWith(answerPackage(event))
  if (manner === 'fresh') event.respondWith(answerFresh(event))
})

/** The shell before this one stays too: pages kept for the way without network may still name its files. */
async function dropOldShells(): Promise<void> {
  const shells = (await caches.keys()).filter((name) => name.startsWith('shell-'))
  await Promise.all(shells.slice(0, -2).map((name) => caches.delete(name)))
}

async function keepAnswer(url: string): Promise<void> {
  const asked = { method: 'GET', url, mode: url.includes('/api/') ? 'cors' : 'navigate', hasRange: false }
  const manner = chooseManner(asked, worker.location.origin)
  if (manner === 'pass' || (await caches.match(url, ANYHOW)) !== undefined) return
  const answer = await fetch(url).catch(() => null)
  const name = { kept: SHELL, package: PACKAGES, fresh: PAGES }[manner]
  if (answer?.status === 200 && !answer.redirected) await (await caches.open(name)).put(url, answer)
}

/** Where the browser can, what is never touched does not even pass through here. */
function bypass(event: RoutingEvent): void {
  const routes = NEVER.map((pathname) => ({ condition: { urlPattern: { pathname } }, source: 'network' as const }))
  // an event handed over by a page that is going was lost every third time on its way through the worker
  if (event.addRoutes !== undefined) event.waitUntil(event.addRoutes(routes))
}

async function answerKept(request: Request, name: string): Promise<Response> {
  const kept = await caches.match(request, ANYHOW)
  if (kept !== undefined) return kept
  const answer = await fetch(request)
  if (answer.status === 200) await (await caches.open(name)).put(request, answer.clone())
  return answer
}

/** Packages never change, but phones are small: the ones used longest ago go first. */
async function answerPackage(event: FetchEvent): Promise<Response> {
  const { request } = event
  const cache = await caches.open(PACKAGES)
  const kept = await cache.match(request, ANYHOW)
  if (kept !== undefined) {
    event.waitUntil(cache.put(request.url, kept.clone())) // put again: now the youngest
    return kept
  }
  const answer = await fetch(request)
  if (answer.status === 200) {
    const copy = answer.clone()
    event.waitUntil(cache.put(request.url, copy).then(() => trim(PACKAGES, MAX_PACKAGE_FILES)))
  }
  return answer
}

async function trim(name: string, most: number): Promise<void> {
  const cache = await caches.open(name)
  const oldest = (await cache.keys()).slice(0, -most)
  await Promise.all(oldest.map((request) => cache.delete(request)))
}

/** The network's answer when it comes in time; else what was kept, marked as such; else the network's, however late. */
async function answerFresh(event: FetchEvent): Promise<Response> {
  const { request } = event
  const coming = fetch(request).then(async (answer) => {
    if (answer.status === 200 && !answer.redirected) {
      const copy = answer.clone()
      event.waitUntil(keepPage(request.url, copy))
    }
    return answer
  })
  const late = new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null))
  const first = await Promise.race([coming.catch(() => null), late])
  if (first !== null && first.status < 500) return first
  const kept = await findKept(request)
  if (kept !== null) return mark(kept)
  return first ?? coming
}

async function keepPage(url: string, answer: Response): Promise<void> {
  await (await caches.open(PAGES)).put(url, answer)
  await trim(PAGES, MAX_PAGES)
}

/** What was kept of an address; for a page never seen, the nearest page above it. */
async function findKept(request: Request): Promise<Response | null> {
  const cache = await caches.open(PAGES)
  const same = await cache.match(request.url, ANYHOW)
  if (same !== undefined || request.mode !== 'navigate') return same ?? null
  const path = new URL(request.url).pathname
  const pages = (await cache.keys()).map(({ url }) => url).filter((url) => !new URL(url).pathname.startsWith('/api/'))
  const above = pages
    .filter((url) => path === '/' || path.startsWith(new URL(url).pathname))
    .sort((a, b) => b.length - a.length)
  const nearest = path === '/' ? above.at(-1) : above[0]
  return nearest === undefined ? null : ((await cache.match(nearest, ANYHOW)) ?? null)
}

function mark(kept: Response): Response {
  const headers = new Headers(kept.headers)
  headers.set('x-from-cache', '1')
  return new Response(kept.body, { status: kept.status, statusText: kept.statusText, headers })
}
