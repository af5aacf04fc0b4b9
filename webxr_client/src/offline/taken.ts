/** What is taken along of a site, from asking for room to giving it back: the phone's side of it. */
import type { Item, Plan } from './plan'
import { findEvicted, readTaken, saveTaken, type Taken } from './record'
import { findIn, PACKAGES, takenName } from './stores'
import { measureMissing, pathOf, type TakeIo, type TakeOptions, type Taking, takeAlong } from './take'

/** How things stand with a site: what the record says, what the caches say, and what a plan would add. */
export interface Standing {
  taken: Taken | null
  /** Addresses that lie there. */
  kept: string[]
  evicted: string[]
}

const ROOM = 1.15 // caches keep pages unpacked, and want some room of their own
const UNPACKED = 5 // a page takes up so much more than it weighed on the way

/** How things stand, from the phone alone. */
export async function readStanding(storage: Storage, site: string): Promise<Standing> {
  const taken = readTaken(storage, site)
  if (taken === null) return { taken, kept: [], evicted: [] }
  const cache = await caches.open(takenName(site))
  const kept = (await cache.keys()).map(({ url }) => pathOf(url))
  return { taken, kept, evicted: taken.state === 'taken' ? findEvicted(taken, kept) : [] }
}

/** Bytes of a plan that do not lie there. */
export function bytesMissing(plan: Plan, kept: readonly string[]): number {
  return measureMissing(plan.items, kept).bytes
}

/** Bytes of room that are missing for a plan; 0 when there is enough, or the browser does not say. */
export async function findLack(
  storage: StorageManager | undefined,
  plan: Plan,
  kept: readonly string[]
): Promise<number> {
  const { quota, usage } = (await storage?.estimate?.().catch(() => null)) ?? {}
  if (quota === undefined || usage === undefined) return 0
  const needed = measureMissing(plan.items, kept).items.reduce((sum, item) => sum + roomFor(item), 0)
  return Math.max(0, Math.ceil(needed * ROOM - (quota - usage)))
}

function roomFor({ kind, bytes }: Item): number {
  return kind === 'file' ? bytes : bytes * UNPACKED
}

/** Take a plan along and keep the record of it; a second page that does the same waits, and finds it done. */
export async function take(view: Window, plan: Plan, options: TakeOptions): Promise<Taking> {
  const run = (): Promise<Taking> => takeAndRecord(view, plan, options)
  return view.navigator.locks.request(takenName(plan.site), { signal: options.signal }, run).catch((error: unknown) => {
    if (options.signal.aborted) return { kind: 'cancelled' }
    throw error
  })
}

async function takeAndRecord(view: Window, plan: Plan, options: TakeOptions): Promise<Taking> {
  const { localStorage } = view
  const record = recordFor(readTaken(localStorage, plan.site), plan, scriptOf(view.document))
  saveTaken(localStorage, plan.site, record)
  const io = await makeIo(view, plan.site)
  const taking = await takeAlong(plan.items, io, {
    ...options,
    onKept: (url, bytes) => {
      record.files[url] = bytes
      saveTaken(localStorage, plan.site, record)
      options.onKept?.(url, bytes)
    }
  })
  record.state = taking.kind === 'done' ? 'taken' : 'stopped'
  if (taking.kind === 'done') {
    for (const url of taking.gone) delete record.files[url]
    record.revision = plan.revision
  }
  saveTaken(localStorage, plan.site, record)
  return taking
}

function recordFor(known: Taken | null, plan: Plan, script: string): Taken {
  const languages = [...(known?.languages ?? []).filter((one) => one !== plan.language), plan.language]
  return { state: 'taking', languages, revision: known?.revision ?? 0, script, files: known?.files ?? {} }
}

/** The address of the page's own script, which changes with every version of the client. */
export function scriptOf(page: Document): string {
  return page.querySelector<HTMLScriptElement>('script[type=module][src]')?.src ?? ''
}

/** The phone as taking needs it. */
export async function makeIo(view: Window, site: string): Promise<TakeIo> {
  return {
    fetch: (input, init) => fetch(input, init),
    kept: await caches.open(takenName(site)),
    findSeen: async (url) => (await findIn([PACKAGES], url))?.answer ?? null,
    untilLink: (wait_ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(done, wait_ms)
        function done(): void {
          clearTimeout(timer)
          view.removeEventListener('online', done)
          signal.removeEventListener('abort', done)
          resolve()
        }
        view.addEventListener('online', done)
        signal.addEventListener('abort', done)
      })
  }
}

/** Give back the room: all files of a site and the record of them. */
export async function giveBack(storage: Storage, site: string): Promise<void> {
  await caches.delete(takenName(site))
  saveTaken(storage, site, null)
}
