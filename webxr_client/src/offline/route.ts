/** How the service worker answers a request. Pure: the one list of what it may touch; all else goes its own way. */

/** Kept: a file whose name changes with its content. Fresh: the newest if the network gives it in time. Pass: not ours. */
export type Manner = 'kept' | 'package' | 'fresh' | 'pass'

export interface Asked {
  method: string
  url: string
  mode: string
  hasRange: boolean
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
  '/login*'
]

const PACKAGE = /^\/packages\/[0-9a-f]{64}\//
const STATIC = /^\/static\/|^\/manifest\.webmanifest$/
const DOCUMENT = /^\/api\/v1\/sites(\/|$)/
const PAGE = /^\/((ja|en|zh-Hans|zh-Hant|ko|nl|ja-x-easy)\/.*)?$/

/** The manner for a request, given the origin the worker belongs to. */
export function chooseManner(asked: Asked, origin: string): Manner {
  const url = new URL(asked.url)
  if (asked.method !== 'GET' || url.origin !== origin || asked.hasRange) return 'pass'
  if (PACKAGE.test(url.pathname)) return 'package'
  if (STATIC.test(url.pathname)) return 'kept'
  const visitorPage = asked.mode === 'navigate' && PAGE.test(url.pathname)
  return visitorPage || DOCUMENT.test(url.pathname) ? 'fresh' : 'pass'
}
