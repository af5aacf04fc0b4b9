/** After a contact with the server: what was taken back goes, texts are brought up to date, what was cut off goes on. */
import { type Io, loadSite } from '../api'
import { createClock } from '../clock'
import { readDevice } from '../device'
import type { SiteDocument } from '../wire'
import { contactOf, readContact, saveContact } from './contact'
import { type Item, listTexts, planSite } from './plan'
import { readTaken, saveTaken } from './record'
import { ANYHOW, namesOf, PACKAGES, PAGES, takenName } from './stores'
import { pathOf, type TakeIo, takeAlong } from './take'
import { makeIo, take } from './taken'

const PATIENCE_MS = 60_000
const OF_LANDMARK = /^\/[^/]+\/([^/]+)\/landmarks\/([^/]+)$/
const OF_MEMORIES = /data-memories="(\w*)"/
const CLOSED = 'closed' // of a page without memories while none is taken
const OF_FILE = /^\/(?:packages|media)\/([0-9a-f]{64})\//

/** Look after what is kept of a site; `script` is the page's own, by which its version is known. */
export async function keepUp(view: Window, site: SiteDocument, script: string): Promise<void> {
  const { localStorage } = view
  const contact = contactOf(site, script)
  const last = readContact(localStorage, site.site.id)
  if (last !== contact) {
    await dropOldMemories(localStorage, site)
    const dropped = await dropWithdrawn(localStorage, site)
    const renewed = await renewTexts(view, site, contact)
    if (!dropped || !renewed) return // the connection went: at the next contact again
    saveContact(localStorage, site.site.id, contact)
  }
  await goOn(view, site)
}

/** Delete the files of packages and media that are no longer published, wherever they lie; false when that could not be learnt. */
export async function dropWithdrawn(storage: Storage, site: SiteDocument): Promise<boolean> {
  const published = new Set([...(site.packages ?? []), ...(site.media ?? [])])
  let sure = true
  for (const [digest, files] of await listKept()) {
    const [first] = files
    if (first === undefined || published.has(digest)) continue
    // it may belong to another site of this server: only the server can tell
    const answer = await fetch(first.url, { method: 'HEAD', cache: 'no-store' }).catch(() => null)
    sure &&= answer !== null && answer.status < 500
    if (answer?.status !== 404 && answer?.status !== 410) continue
    for (const { name, url } of files) await (await caches.open(name)).delete(url)
    forget(storage, site.site.id, new Set(files.map(({ url }) => pathOf(url))))
  }
  return sure
}

/**
 * Delete kept pages of landmarks that tell memories of residents otherwise than now: one of them may be withdrawn, or the
 * site takes none for a while and they still invite to add one.
 */
export async function dropOldMemories(storage: Storage, site: SiteDocument): Promise<void> {
  for (const name of await namesOf(PAGES)) {
    const cache = await caches.open(name)
    for (const { url } of await cache.keys()) {
      const [, id, landmark] = OF_LANDMARK.exec(new URL(url).pathname) ?? []
      if (id !== site.site.id || landmark === undefined) continue
      const [, mark = ''] = OF_MEMORIES.exec((await (await cache.match(url, ANYHOW))?.text()) ?? '') ?? []
      if (!isOld(mark, landmark, site)) continue
      await cache.delete(url, ANYHOW)
      forget(storage, id, new Set([pathOf(url)]))
    }
  }
}

/** Whether a kept page says what is no longer so; one that merely lacks a new memory may stay. */
function isOld(mark: string, landmark: string, { memories = {}, memories_closed }: SiteDocument): boolean {
  const closed = memories_closed === true
  return mark === '' ? closed : mark !== (memories[landmark] ?? (closed ? CLOSED : ''))
}

/** All kept files of packages and media by digest, with the cache each lies in. */
async function listKept(): Promise<Map<string, { name: string; url: string }[]>> {
  const found = new Map<string, { name: string; url: string }[]>()
  for (const name of await namesOf(PACKAGES)) {
    for (const { url } of await (await caches.open(name)).keys()) {
      const [, digest] = OF_FILE.exec(new URL(url).pathname) ?? []
      if (digest !== undefined) found.set(digest, [...(found.get(digest) ?? []), { name, url }])
    }
  }
  return found
}

function forget(storage: Storage, site: string, urls: ReadonlySet<string>): void {
  const taken = readTaken(storage, site)
  if (taken === null) return
  const files = Object.fromEntries(Object.entries(taken.files).filter(([url]) => !urls.has(url)))
  saveTaken(storage, site, { ...taken, files })
}

/** Fetch taken documents anew, pages too after a publication or a new version; false when the connection went. */
async function renewTexts(view: Window, site: SiteDocument, contact: string): Promise<boolean> {
  const id = site.site.id
  const taken = readTaken(view.localStorage, id)
  if (taken === null || taken.state !== 'taken') return true
  const texts = await listAllTexts(site, taken.languages)
  if (texts === null) return false
  const script = contact.split(' ').at(-1) ?? ''
  const samePages = taken.revision === site.revision && taken.script === script
  const items = samePages ? texts.filter(({ kind }) => kind === 'document') : texts
  return view.navigator.locks.request(takenName(id), async () => {
    const io = await makeIo(view, id)
    const renewed = await fetchAnew(items, io)
    if (renewed === null) return false
    await dropOldTexts(io.kept, texts)
    const now = readTaken(view.localStorage, id) ?? taken
    const files = mergeFiles({ ...now.files, ...renewed.files }, texts, renewed.gone)
    saveTaken(view.localStorage, id, { ...now, revision: site.revision, script, files })
    return true
  })
}

/** What was fetched, and what is gone; null when the connection went, or there is no room. */
async function fetchAnew(
  items: readonly Item[],
  io: TakeIo
): Promise<{ files: Record<string, number>; gone: string[] } | null> {
  const files: Record<string, number> = {}
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS)
  const onKept = (url: string, bytes: number): void => {
    files[url] = bytes
  }
  const taking = await takeAlong(items, io, { signal: patience.signal, renew: true, onKept })
  clearTimeout(timer)
  return taking.kind === 'done' ? { files, gone: taking.gone } : null
}

/** The record's files without texts that are gone or no longer wanted. */
function mergeFiles(
  files: Record<string, number>,
  texts: readonly Item[],
  gone: readonly string[]
): Record<string, number> {
  const wanted = new Set(texts.map(({ url }) => url).filter((url) => !gone.includes(url)))
  return Object.fromEntries(Object.entries(files).filter(([url]) => wanted.has(url) || isFile(url)))
}

/** Documents and pages in every language that was taken along; null without connection. */
async function listAllTexts(site: SiteDocument, languages: readonly string[]): Promise<Item[] | null> {
  const texts: Item[] = []
  for (const language of languages) {
    if (!site.site.languages.some((one) => one === language)) continue // no longer offered
    const loaded = language === site.language ? null : await loadSite(site.site.id, language, pageIo())
    if (loaded !== null && (!loaded.ok || loaded.from_cache)) return null
    texts.push(...listTexts(loaded === null ? site : loaded.value))
  }
  return texts
}

function pageIo(): Io {
  return { fetch: (input, init) => fetch(input, init), clock: createClock(() => Date.now(), localStorage) }
}

/** Pages of what is no longer offered. */
async function dropOldTexts(kept: Cache, texts: readonly Item[]): Promise<void> {
  const wanted = new Set(texts.map(({ url }) => url))
  for (const { url } of await kept.keys()) {
    const path = pathOf(url)
    if (!isFile(path) && !wanted.has(path)) await kept.delete(url)
  }
}

function isFile(path: string): boolean {
  return OF_FILE.test(path)
}

/** Go on with what another page had begun, in the language it was begun in; the site's own page does so by itself. */
async function goOn(view: Window, site: SiteDocument): Promise<void> {
  const taken = readTaken(view.localStorage, site.site.id)
  const language = taken?.languages.at(-1)
  if (taken?.state !== 'taking' || language === undefined) return
  if (language === site.language && view.document.getElementById('take') !== null) return
  const loaded = language === site.language ? null : await loadSite(site.site.id, language, pageIo())
  if (loaded !== null && !loaded.ok) return
  const planned = await planSite(loaded?.value ?? site, await readDevice(view), pageIo())
  if (planned.ok) await take(view, planned.plan, { signal: new AbortController().signal })
}
