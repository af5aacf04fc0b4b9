/**
 * The service worker of the visitor pages: what was seen once can be seen again without network, and so can all that
 * was taken along. It takes over new versions only when no page of the old one is open, since those still load the old
 * files.
 */
import {
  chooseManner,
  keptAs,
  leadsHome,
  mayKeep,
  NEVER,
  offlinePath,
  pickNearest,
  pickRally,
  readPageAddress,
  readRange,
  tabletPath
} from './route'
import { ANYHOW, findIn, isTaken, namesOf, PACKAGES, PAGES, TABLET } from './stores'

declare const SHELL_FILES: string[]
declare const SHELL_VERSION: string

const worker = self as unknown as ServiceWorkerGlobalScope
const SHELL = `shell-${SHELL_VERSION}`
const PATIENCE_MS = 4000
const LITTLE_PATIENCE_MS = 500
const REMEMBERED_MS = 30_000
const MAX_PACKAGE_FILES = 40
const MAX_PAGES = 120

/** Static routing of service workers, whose types TypeScript does not have yet. */
type RoutingEvent = ExtendableEvent & {
  addRoutes?: (routes: { condition: { urlPattern: { pathname: string } }; source: 'network' }[]) => Promise<void>
}

/** What a page tells its worker: addresses that were loaded past it. */
interface KeepMessage {
  keep: string[]
}

worker.addEventListener('install', (event) => {
  bypass(event)
  event.waitUntil(Promise.all([caches.open(SHELL).then((cache) => cache.addAll(SHELL_FILES)), keepOfflinePages()]))
})

worker.addEventListener('activate', (event) => {
  event.waitUntil(dropOldCaches().then(() => worker.clients.claim()))
})

worker.addEventListener('message', (event) => {
  const { keep } = event.data as KeepMessage
  // a page that was on its way when this worker came to be has missed its first call
  event.waitUntil(Promise.all([worker.clients.claim(), ...keep.map((url) => keepAnswer(url))]))
})

worker.addEventListener('fetch', (event) => {
  const { request } = event
  const { method, url, mode, headers, cache } = request
  const asked = { method, url, mode, cache, hasRange: headers.has('range') }
  const manner = chooseManner(asked, worker.location.origin)
  if (manner === 'kept') event.respondWith(answerKept(event))
  if (manner === 'package') event.respondWith(answerPackage(event))
  if (manner === 'part') event.respondWith(answerPart(request))
  if (manner === 'fresh') event.respondWith(answerFresh(event))
})

/** The shell before this one stays too, since kept pages may still name its files; what no version knows goes. */
async function dropOldCaches(): Promise<void> {
  const names = await caches.keys()
  const shells = names.filter((name) => name.startsWith('shell-'))
  const ours = [...shells, PAGES, PACKAGES, TABLET]
  const others = names.filter((name) => !ours.includes(name) && !isTaken(name))
  await Promise.all([...shells.slice(0, -2), ...others].map((name) => caches.delete(name)))
}

async function keepAnswer(url: string): Promise<void> {
  const asked = { method: 'GET', url, mode: url.includes('/api/') ? 'cors' : 'navigate', hasRange: false, cache: '' }
  const manner = chooseManner(asked, worker.location.origin)
  const kept_as = keptAs(url)
  if (manner === 'pass' || (await caches.match(kept_as, ANYHOW)) !== undefined) return
  const answer = await fetch(url).catch(() => null)
  const name = { kept: SHELL, package: PACKAGES, part: PACKAGES, fresh: PAGES }[manner]
  if (answer === null || !mayKeep(answer) || answer.redirected) return
  await (await caches.open(name)).put(kept_as, answer)
  await keepOfflinePage(url)
}

/** Where the browser can, what is never touched does not even pass through here. */
function bypass(event: RoutingEvent): void {
  const routes = NEVER.map((pathname) => ({ condition: { urlPattern: { pathname } }, source: 'network' as const }))
  // an event handed over by a page that is going was lost every third time on its way through the worker
  if (event.addRoutes !== undefined) event.waitUntil(event.addRoutes(routes))
}

async function answerKept(event: FetchEvent): Promise<Response> {
  const { request } = event
  const kept = await caches.match(request, ANYHOW)
  if (kept !== undefined) return kept
  const cache = await caches.open(SHELL)
  const answer = await fetch(request)
  // beside the answer, not before it: on a full phone the page must work all the same
  if (answer.status === 200) event.waitUntil(cache.put(request, answer.clone()))
  return answer
}

/** Packages never change, but phones are small: the ones used longest ago go first. */
async function answerPackage(event: FetchEvent): Promise<Response> {
  const { request } = event
  const kept = await findIn(await namesOf(PACKAGES), request.url)
  const cache = await caches.open(PACKAGES)
  if (kept !== null) {
    if (kept.name === PACKAGES) event.waitUntil(cache.put(request.url, kept.answer.clone())) // now the youngest
    return kept.answer
  }
  const answer = await fetch(request)
  if (answer.status === 200) {
    const copy = answer.clone()
    event.waitUntil(cache.put(request.url, copy).then(() => trim(PACKAGES, MAX_PACKAGE_FILES)))
  }
  return answer
}

/** A player asks for parts of a sound: cut from the kept file, else left to the network. */
async function answerPart(request: Request): Promise<Response> {
  const kept = await findIn(await namesOf(PACKAGES), request.url)
  if (kept === null) return fetch(request)
  const whole = await kept.answer.blob()
  const range = readRange(request.headers.get('range') ?? '', whole.size)
  if (range === null) return new Response(null, { status: 416, headers: { 'Content-Range': `bytes */${whole.size}` } })
  const part = whole.slice(range.first, range.last + 1, whole.type)
  const headers = {
    'Content-Type': kept.answer.headers.get('content-type') ?? whole.type,
    'Content-Range': `bytes ${range.first}-${range.last}/${whole.size}`,
    'Content-Length': String(part.size),
    'Accept-Ranges': 'bytes'
  }
  return new Response(part, { status: 206, statusText: 'Partial Content', headers })
}

async function trim(name: string, most: number): Promise<void> {
  const cache = await caches.open(name)
  const oldest = (await cache.keys()).slice(0, -most)
  await Promise.all(oldest.map((request) => cache.delete(request)))
}

/** The network's answer when it comes in time; else what was kept, marked as such; else the network's, however late. */
async function answerFresh(event: FetchEvent): Promise<Response> {
  const { request } = event
  const coming = fetch(request)
  const keeping = coming.then((answer) => (answer.redirected ? undefined : keepNewest(request, answer)))
  event.waitUntil(keeping) // said now: an answer that comes when the kept one was given is kept all the same
  const first = await Promise.race([coming.catch(() => null), untilLate()])
  if (first !== null && first.status < 500) return first
  if (first === null) late_at = Date.now()
  const kept = await findIn(await namesOf(PAGES), keptAs(request.url))
  if (kept !== null) return mark(kept.answer)
  if (request.mode !== 'navigate') return first ?? coming
  return first ?? coming.catch(async (error) => (await standIn(request.url)) ?? Promise.reject(error))
}

/** A connection that gave nothing in time a moment ago is given little time now: a scene needs several answers. */
let late_at = 0

function untilLate(): Promise<null> {
  const wait_ms = Date.now() - late_at < REMEMBERED_MS ? LITTLE_PATIENCE_MS : PATIENCE_MS
  return new Promise((resolve) => setTimeout(resolve, wait_ms, null))
}

/** Keep the newest of an address where it lies already; what is no longer published, or not to be kept, goes. */
async function keepNewest(request: Request, given: Response): Promise<void> {
  const { status } = given
  if (status !== 200 && status !== 404 && status !== 410) return
  const answer = given.clone() // before the page begins to read it
  const url = keptAs(request.url)
  const kept = await findIn(await namesOf(PAGES), url)
  const cache = await caches.open(kept?.name ?? PAGES)
  if (!mayKeep(given)) return void (await cache.delete(url, ANYHOW))
  await cache.put(url, answer)
  await trim(PAGES, MAX_PAGES)
  if (request.mode === 'navigate') await keepOfflinePage(request.url)
}

/** For a page that is not on the phone: a site's first page if the address only leads there, else one that says so. */
async function standIn(url: string): Promise<Response | null> {
  const names = await namesOf(PAGES)
  const stores = await Promise.all([SHELL, ...names].map(async (name) => (await caches.open(name)).keys()))
  const there = stores.flat().map((kept) => kept.url)
  const tablet = tabletPath(url)
  if (tablet !== null) return leadTo(there, tablet)
  const rally = pickRally(url, there)
  if (rally !== null) return Response.redirect(rally)
  const home = leadsHome(url) ? pickNearest(url, there.filter(isFirstPage)) : null
  if (home !== null) return Response.redirect(home)
  const page = pickNearest(url, there.filter(isOfflinePage))
  const kept = page === null ? null : await findIn([SHELL, ...names], page)
  return kept === null ? null : mark(kept.answer)
}

/** A tablet never leaves its pages: where one is not kept it begins anew. */
function leadTo(there: readonly string[], path: string): Response | null {
  const kept = there.find((url) => new URL(url).pathname === path)
  return kept === undefined ? null : Response.redirect(kept)
}

function isFirstPage(url: string): boolean {
  return readPageAddress(url) !== null && new URL(url).pathname.split('/').length === 4 && url.endsWith('/')
}

function isOfflinePage(url: string): boolean {
  const page = readPageAddress(url)
  return page !== null && new URL(url).pathname === offlinePath(page)
}

/** The stand-in in the language of every open page: a new version of the shell comes with its own. */
async function keepOfflinePages(): Promise<void> {
  const pages = await worker.clients.matchAll({ includeUncontrolled: true })
  await Promise.all(pages.map(({ url }) => keepOfflinePage(url)))
}

async function keepOfflinePage(url: string): Promise<void> {
  const page = readPageAddress(url)
  const cache = await caches.open(SHELL)
  if (page === null || (await cache.match(offlinePath(page), ANYHOW)) !== undefined) return
  const answer = await fetch(offlinePath(page)).catch(() => null)
  if (answer?.status === 200) await cache.put(offlinePath(page), answer)
}

function mark(kept: Response): Response {
  const headers = new Headers(kept.headers)
  headers.set('x-from-cache', '1')
  return new Response(kept.body, { status: kept.status, statusText: kept.statusText, headers })
}
