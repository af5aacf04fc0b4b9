/** How the service worker answers a request. Pure: the one list of what it may touch; all else goes its own way. */

/**
 * Kept: a file whose name changes with its content. Part: some bytes of one. Fresh: the newest if the network gives it
 * in time. Pass: not ours.
 */
export type Manner = 'kept' | 'package' | 'part' | 'fresh' | 'pass'

export interface Asked {
  method: string
  url: string
  mode: string
  hasRange: boolean
  /** The request's cache mode: who asks past all caches wants the server's own bytes. */
  cache: string
}

/** A page of visitors: the language and the site its address names. */
export interface PageAddress {
  language: string
  site: string
}

/** Paths that go straight to the network where the browser can be told so; below, they pass in any case. */
export const NEVER = [
  '/api/v1/events',
  '/api/v1/visit-tokens',
  '/api/v1/uploads*',
  '/api/v1/scans*',
  '/studio*',
  '/desk*',
  '/preview*',
  '/permits*',
  '/counter*',
  '/tablets*',
  '/login*'
]

const PACKAGE = /^\/(packages|media)\/[0-9a-f]{64}\//
const STATIC = /^\/static\//
const DOCUMENT = /^\/api\/v1\/sites(\/|$)/
const SPOT = /^\/r\/([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)$/
const PAGE = /^\/((ja|en|zh-Hans|zh-Hant|ko|nl|ja-x-easy)\/.*)?$/
const OF_SITE = /^\/([^/]+)\/([^/]+)\//
/** The tablet at an entrance: its first page, and those below it by language. */
const TABLET = /^\/kiosk\/([^/]+)(\/|$)/
/** What an address carries beside what it names. */
const BESIDE = /^(group|lead|utm_[a-z]+)$/
const TO_SITE = /^\/([^/]+\/)?$/
const PAST_CACHES = ['no-store', 'reload']

/** The manner for a request, given the origin the worker belongs to. */
export function chooseManner(asked: Asked, origin: string): Manner {
  const url = new URL(asked.url)
  if (asked.method !== 'GET' || url.origin !== origin) return 'pass'
  if (PACKAGE.test(url.pathname)) {
    if (PAST_CACHES.includes(asked.cache)) return 'pass'
    return asked.hasRange ? 'part' : 'package'
  }
  if (asked.hasRange) return 'pass'
  if (STATIC.test(url.pathname)) return 'kept'
  const isPage = [PAGE, SPOT, TABLET].some((pages) => pages.test(url.pathname))
  const visitorPage = asked.mode === 'navigate' && isPage
  return visitorPage || DOCUMENT.test(url.pathname) ? 'fresh' : 'pass'
}

/** The language and site of a visitor's page; null for an address that names none. */
export function readPageAddress(url: string): PageAddress | null {
  const path = new URL(url).pathname
  const [, language, site] = OF_SITE.exec(path) ?? []
  return language === undefined || site === undefined || !PAGE.test(path) ? null : { language, site }
}

/** The page that stands in for pages which are not on the phone. */
export function offlinePath({ language, site }: PageAddress): string {
  return `/${language}/${site}/offline`
}

/** Of kept pages the one of the rally whose code was scanned, with the code; null for another address, or none kept. */
export function pickRally(asked: string, pages: readonly string[]): string | null {
  const [, site, rally, landmark, code] = SPOT.exec(new URL(asked).pathname) ?? []
  const kept = pages.filter((url) => new URL(url).pathname.endsWith(`/${site}/rallies/${rally}`)).at(-1)
  return rally === undefined || kept === undefined ? null : `${kept}#at=${landmark}&code=${code}`
}

/** For a page of an entrance tablet that is not kept: the page it rests on; null for another address. */
export function tabletPath(asked: string): string | null {
  const [, site] = TABLET.exec(new URL(asked).pathname) ?? []
  return site === undefined ? null : `/kiosk/${site}`
}

/** Under which address an answer is kept: with a group, or by the link of a poster, a page is the same. */
export function keptAs(url: string): string {
  const kept = new URL(url)
  for (const name of [...kept.searchParams.keys()]) if (BESIDE.test(name)) kept.searchParams.delete(name)
  return kept.href
}

/** Whether an answer may lie on the phone: what the server says is one visitor's own, such as a coupon's code, may not. */
export function mayKeep({ status, headers }: Pick<Response, 'status' | 'headers'>): boolean {
  return status === 200 && !/\bno-store\b/.test(headers.get('cache-control') ?? '')
}

/** Whether an address only leads on to a site's first page. */
export function leadsHome(url: string): boolean {
  const path = new URL(url).pathname
  return TO_SITE.test(path) && PAGE.test(path)
}

/** Of kept pages the one nearest to what was asked for: same language first, then any. Null when there is none. */
export function pickNearest(asked: string, pages: readonly string[]): string | null {
  const [, language] = new URL(asked).pathname.split('/')
  const own = pages.filter((url) => readPageAddress(url)?.language === language)
  const site = readPageAddress(asked)?.site
  return own.find((url) => readPageAddress(url)?.site === site) ?? own[0] ?? pages.at(-1) ?? null
}

/** First and last byte of a Range header with one range over a file; null where it asks for nothing that is there. */
export function readRange(header: string, size_bytes: number): { first: number; last: number } | null {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header.trim()) ?? []
  if (from === '' && to === '') return null
  const first = from === '' ? Math.max(size_bytes - Number(to), 0) : Number(from)
  const last = from === '' || to === '' ? size_bytes - 1 : Math.min(Number(to), size_bytes - 1)
  return first <= last ? { first, last } : null
}
