/** Takes files along: fetched, held against their digest, kept; goes on where it was cut off, and says how it stands. */
import { readBytes, watchSilence } from '../download'
import type { Item } from './plan'
import { digestOf } from './stores'

/** What taking needs of its surroundings. */
export interface TakeIo {
  fetch: typeof fetch
  /** Where files are kept for good. */
  kept: Cache
  /** A copy of a file that some page has loaded before; null when there is none. */
  findSeen: (url: string) => Promise<Response | null>
  /** Settles when it is worth asking again: the connection came back, or some time has passed. */
  untilLink: (wait_ms: number, signal: AbortSignal) => Promise<void>
}

export interface TakeOptions {
  signal: AbortSignal
  /** Fetch documents and pages anew though they are there. */
  renew?: boolean
  onProgress?: (loaded_bytes: number, total_bytes: number) => void
  /** Called when the connection is gone, and when it is back. */
  onLink?: (link: 'waiting' | 'loading') => void
  /** A file lies there now, whole and sound. */
  onKept?: (url: string, bytes: number) => void
}

/** Damaged: files that arrived twice otherwise than their package says, and were thrown away. Gone: no longer published. */
export type Taking =
  | { kind: 'done'; damaged: string[]; gone: string[] }
  | { kind: 'full' }
  | { kind: 'refused' }
  | { kind: 'cancelled' }

type Fetched = { kind: 'whole'; answer: Response; bytes: ArrayBuffer } | 'no_link' | 'gone' | 'refused'
type One = 'kept' | 'damaged' | 'gone' | 'no_link' | 'full' | 'refused'

const AT_ONCE = 4
const FIRST_WAIT_MS = 2000
const LONGEST_WAIT_MS = 30_000

/** Take all items along. Never throws for what networks and phones do; that is its outcome. */
export async function takeAlong(items: readonly Item[], io: TakeIo, options: TakeOptions): Promise<Taking> {
  const there = new Set((await io.kept.keys()).map(({ url }) => pathOf(url)))
  const isThere = (item: Item): boolean => there.has(item.url) && !(options.renew === true && item.kind !== 'file')
  const missing = items.filter((item) => !isThere(item))
  const progress = countBytes(items, missing, options)
  const ended = new AbortController()
  const stop = (): void => ended.abort()
  options.signal.addEventListener('abort', stop)
  const heard = { damaged: [] as string[], gone: [] as string[], bad: null as 'full' | 'refused' | null }
  const queue = missing.values()
  const hear = async (one: One | null, item: Item): Promise<void> => {
    if (one === 'damaged' || one === 'gone') heard[one].push(item.url)
    if (one === 'gone') await io.kept.delete(item.url)
    if (one !== 'full' && one !== 'refused') return
    heard.bad = one
    stop()
  }
  const work = async (): Promise<void> => {
    for (const item of queue) {
      if (ended.signal.aborted) return
      await hear(await takeUntilKnown(item, io, { ...options, signal: ended.signal }, progress), item)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  options.signal.removeEventListener('abort', stop)
  if (heard.bad !== null) return { kind: heard.bad }
  return options.signal.aborted ? { kind: 'cancelled' } : { kind: 'done', damaged: heard.damaged, gone: heard.gone }
}

/** The items that are not there yet, and how many bytes they weigh. */
export function measureMissing(items: readonly Item[], kept: readonly string[]): { items: Item[]; bytes: number } {
  const there = new Set(kept)
  const missing = items.filter(({ url }) => !there.has(url))
  return { items: missing, bytes: missing.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/** An address as items have it: path and query. */
export function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

interface Progress {
  /** Of an item so many bytes are here; the whole counts as what was planned for it. */
  loaded: (item: Item, bytes: number) => void
}

function countBytes(items: readonly Item[], missing: readonly Item[], { onProgress }: TakeOptions): Progress {
  const total = items.reduce((sum, { bytes }) => sum + bytes, 0)
  const rest = missing.reduce((sum, { bytes }) => sum + bytes, 0)
  const here = new Map<string, number>()
  const tell = (): void => {
    const loaded = [...here.values()].reduce((sum, bytes) => sum + bytes, 0)
    onProgress?.(Math.min(total - rest + loaded, total), total)
  }
  tell()
  return {
    loaded: (item, bytes) => {
      here.set(item.url, Math.min(bytes, item.bytes))
      tell()
    }
  }
}

/** Ask for one file until it is here, or known not to come: a connection that is gone is waited for. */
async function takeUntilKnown(item: Item, io: TakeIo, options: TakeOptions, progress: Progress): Promise<One | null> {
  for (let wait_ms = FIRST_WAIT_MS; !options.signal.aborted; wait_ms = Math.min(wait_ms * 2, LONGEST_WAIT_MS)) {
    const one = await takeOne(item, io, options, progress)
    if (options.signal.aborted && one === 'no_link') return null
    if (one !== 'no_link') {
      if (wait_ms > FIRST_WAIT_MS) options.onLink?.('loading')
      progress.loaded(item, item.bytes)
      return one
    }
    progress.loaded(item, 0)
    options.onLink?.('waiting')
    await io.untilLink(wait_ms, options.signal)
  }
  return null
}

/** One file: from what pages have loaded before if that is sound, else from the server; damaged, it is asked for once more. */
async function takeOne(item: Item, io: TakeIo, options: TakeOptions, progress: Progress): Promise<One> {
  const seen = item.kind === 'file' ? await io.findSeen(item.url) : null
  if (seen !== null) {
    const bytes = await seen.arrayBuffer()
    if (item.sha256 !== null && (await isSound(item, bytes))) return keep(item, seen, bytes, io, options)
  }
  for (const cache of ['no-store', 'reload'] as const) {
    const fetched = await fetchOne(item, cache, io, options.signal, progress)
    if (typeof fetched === 'string') return fetched
    if (await isSound(item, fetched.bytes)) return keep(item, fetched.answer, fetched.bytes, io, options)
  }
  return 'damaged'
}

async function isSound(item: Item, bytes: ArrayBuffer): Promise<boolean> {
  return item.sha256 === null || (await digestOf(bytes)) === item.sha256
}

async function fetchOne(
  item: Item,
  cache: RequestCache,
  io: TakeIo,
  signal: AbortSignal,
  progress: Progress
): Promise<Fetched> {
  const watch = watchSilence(signal)
  let loaded = 0
  try {
    const answer = await io.fetch(item.url, { cache, signal: watch.signal, headers: headersFor(item) })
    if (answer.headers.has('x-from-cache') || answer.status >= 500 || answer.status === 429) return 'no_link'
    if (answer.status === 404 || answer.status === 410) return 'gone'
    if (answer.status !== 200 || answer.redirected) return 'refused'
    const bytes = await readBytes(answer, (more) => {
      watch.hear()
      loaded += more
      progress.loaded(item, loaded)
    })
    return { kind: 'whole', answer, bytes }
  } catch {
    return 'no_link' // refused, cut off on the way, silent or given up: what is not whole does not count
  } finally {
    watch.end()
  }
}

function headersFor(item: Item): Record<string, string> {
  return item.kind === 'page' ? { Accept: 'text/html' } : {}
}

async function keep(item: Item, answer: Response, bytes: ArrayBuffer, io: TakeIo, options: TakeOptions): Promise<One> {
  try {
    await io.kept.put(item.url, new Response(bytes, { headers: answer.headers }))
  } catch (error) {
    if (error instanceof DOMException && error.name === 'QuotaExceededError') return 'full'
    throw error
  }
  options.onKept?.(item.url, bytes.byteLength)
  return 'kept'
}
