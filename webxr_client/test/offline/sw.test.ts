/** The service worker itself, over caches and a server in memory. */
import { beforeEach, expect, test, vi } from 'vitest'

const HOME = 'https://dejima.example'
const GATE = `${HOME}/en/dejima/landmarks/water-gate`
const GROUP = '?group=ABCDEF.0123456789&lead=1'
const POSTER = '?utm_source=dejima&utm_medium=poster&utm_campaign=lantern&utm_content=water-gate'
const COUPON = `${HOME}/en/dejima/coupons/lantern?got=1`
const WORKER = '../../src/offline/sw.ts' // it has the types of workers, which tests have not

interface Event {
  request?: unknown
  data?: unknown
  respondWith: (answer: Promise<Response>) => void
  waitUntil: (work: Promise<unknown>) => void
}

let listeners: Record<string, (event: Event) => void> = {}
let held: Record<string, Map<string, Response>> = {}
/** What the server says by address; without a connection nothing is there. */
let server: Record<string, Response> | null = {}

function open(name: string): unknown {
  held[name] ??= new Map()
  const pages = held[name]
  return {
    keys: async () => [...pages.keys()].map((url) => ({ url })),
    match: async (url: string) => pages.get(url)?.clone(),
    put: async (url: string, answer: Response) => void pages.set(url, answer),
    delete: async (url: string) => pages.delete(url)
  }
}

async function reach(asked: string | { url: string }): Promise<Response> {
  if (server === null) throw new TypeError('no connection')
  return server[typeof asked === 'string' ? asked : asked.url]?.clone() ?? new Response('', { status: 404 })
}

/** Hand an event to the worker; gives its answer once everything it does beside that is done. */
async function tell(kind: string, given: Partial<Event>): Promise<Response | undefined> {
  const work: Promise<unknown>[] = []
  const answers: Promise<Response>[] = []
  const waitUntil = (one: Promise<unknown>): void => void work.push(one.catch(() => null))
  listeners[kind]?.({ ...given, waitUntil, respondWith: (answer) => void answers.push(answer) })
  const answer = await answers[0]
  await Promise.all(work)
  return answer
}

async function visit(url: string): Promise<string | undefined> {
  const request = { method: 'GET', url, mode: 'navigate', headers: new Headers(), cache: 'default' }
  return (await tell('fetch', { request }))?.text()
}

function unkept(words: string): Response {
  return new Response(words, { headers: { 'Cache-Control': 'private, no-store' } })
}

beforeEach(async () => {
  listeners = {}
  held = {}
  vi.stubGlobal('self', {
    addEventListener: (kind: string, listener: (event: Event) => void) => {
      listeners[kind] = listener
    },
    location: { origin: HOME },
    clients: { claim: async () => undefined }
  })
  vi.stubGlobal('caches', {
    keys: async () => Object.keys(held),
    open: async (name: string) => open(name),
    match: find
  })
  vi.stubGlobal('fetch', reach)
  vi.stubGlobal('SHELL_FILES', [])
  vi.stubGlobal('SHELL_VERSION', '1')
  vi.resetModules()
  await import(/* @vite-ignore */ WORKER)
})

async function find(url: string): Promise<Response | undefined> {
  return Object.values(held)
    .find((pages) => pages.has(url))
    ?.get(url)
    ?.clone()
}

test.each([GROUP, POSTER, ''])('a page is kept as what it is, however one came to it: %s', async (query) => {
  server = { [GATE + query]: new Response('gate') }
  expect(await visit(GATE + query)).toBe('gate')
  expect([...(held['pages']?.keys() ?? [])]).toEqual([GATE])
  server = null
  for (const other of ['', GROUP, POSTER]) expect(await visit(GATE + other)).toBe('gate')
})

test.each([GROUP, POSTER])('what was taken along opens without a connection with %s too', async (query) => {
  held['taken-dejima'] = new Map([[GATE, new Response('taken')]])
  server = null
  expect(await visit(GATE + query)).toBe('taken')
})

test('what is one visitor’s own is not kept, nor stays what was kept of it before', async () => {
  held['pages'] = new Map([[COUPON, new Response('an older code')]])
  server = { [COUPON]: unkept('ABCDE-FGHJK') }
  expect(await visit(COUPON)).toBe('ABCDE-FGHJK')
  await tell('message', { data: { keep: [COUPON] } })
  expect(held['pages'].size).toBe(0)
})

test('a page that was loaded past the worker is kept as what it is', async () => {
  server = { [GATE + GROUP]: new Response('gate') }
  await tell('message', { data: { keep: [GATE + GROUP] } })
  expect([...(held['pages']?.keys() ?? [])]).toEqual([GATE])
})
