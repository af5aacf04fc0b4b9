import 'fake-indexeddb/auto'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClock } from '../src/clock'
import { type Outbox, openOutbox } from '../src/outbox'
import type { ConsentState, EventBatch } from '../src/wire'
import { type Heard, sendJson, serve, type TestServer } from './server'

/** What the server does with the next batches; the token is always given. */
type Manner = 'take' | 'lose' | 'hang_up' | 'busy' | 'refuse_token' | 'refuse_many'

const GATE = { experience: 'gate-1820', landmark: 'gate', scene: 'gate' }

let server: TestServer
let box: Outbox | null
let consent: ConsentState
let manners: Manner[]
let stored: Map<string, { type: string; visit: string | undefined }>
let site = 0

function take(heard: Heard): { accepted: number; duplicate: number; rejected: never[] } {
  const batch = JSON.parse(heard.body) as EventBatch
  const fresh = batch.events.filter(({ id }) => !stored.has(id))
  for (const { id, type } of fresh) stored.set(id, { type, visit: batch.visit })
  return { accepted: fresh.length, duplicate: batch.events.length - fresh.length, rejected: [] }
}

const ANSWERS: Record<Manner, (heard: Heard, response: ServerResponse) => void> = {
  take: (heard, response) => sendJson(response, take(heard)),
  lose(heard, response) {
    take(heard)
    response.destroy()
  },
  hang_up: (_, response) => setTimeout(() => response.destroy(), 50),
  busy: (_, response) => sendJson(response, { code: 'events_busy' }, 503, { 'Retry-After': '5' }),
  refuse_token: (_, response) => sendJson(response, { code: 'token_refused' }, 422),
  refuse_many(heard, response) {
    const many = (JSON.parse(heard.body) as EventBatch).events.length > 1
    if (many) sendJson(response, { code: 'body_malformed' }, 400)
    else ANSWERS.take(heard, response)
  }
}

beforeEach(async () => {
  site += 1
  consent = 'statistics'
  manners = []
  stored = new Map()
  box = null
  server = await serve(answer)
})

function answer(heard: Heard, response: ServerResponse): void {
  if (heard.path === '/api/v1/visit-tokens') {
    sendJson(response, { token: 'a.b', expires_at: new Date(Date.now() + 7_200_000).toISOString() })
    return
  }
  ANSWERS[manners.shift() ?? 'take'](heard, response)
}

afterEach(async () => {
  await box?.close()
  await server.close()
})

/** An outbox that sends only when told to. */
async function open(): Promise<Outbox> {
  await box?.close()
  box = await openOutbox({
    site: `site-${site}`,
    time_zone: () => 'Asia/Tokyo',
    language: () => 'en',
    mode: () => 'page',
    device: () => 'phone',
    consent: () => ({ state: consent, text_version: '1' }),
    clock: createClock(() => Date.now(), null),
    origin: server.origin,
    gather_ms: 1_000_000
  })
  return box
}

function types(): string[] {
  return [...stored.values()].map(({ type }) => type)
}

function batches(): number {
  return server.heard.filter(({ path }) => path === '/api/v1/events').length
}

test('events are sent in order, in one batch, with one visit', async () => {
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  await outbox.record({ type: 'landmark_entered', landmark: 'gate', accuracy: 'good' })
  await outbox.flush()
  expect(types()).toEqual(['site_opened', 'landmark_entered'])
  expect(new Set([...stored.values()].map(({ visit }) => visit)).size).toBe(1)
  expect(batches()).toBe(1)
})

test('what was acknowledged is not sent again', async () => {
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  await outbox.flush()
  await outbox.flush()
  await (await open()).flush()
  expect(batches()).toBe(1)
})

test('a lost answer: the same ids go again, and count once', async () => {
  manners = ['lose']
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  await outbox.flush()
  await outbox.flush()
  expect(batches()).toBe(2)
  expect(types()).toEqual(['site_opened'])
})

test('a page that dies leaves its events to the next page', async () => {
  manners = ['busy']
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  await outbox.flush()
  expect(types()).toEqual([])
  await (await open()).flush()
  expect(types()).toEqual(['site_opened'])
})

test('a busy server is left alone for as long as it asks', async () => {
  manners = ['busy']
  const timeout = vi.spyOn(globalThis, 'setTimeout')
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  await outbox.flush()
  const waits_ms = timeout.mock.calls.map(([, wait_ms]) => wait_ms ?? 0)
  timeout.mockRestore()
  expect(waits_ms.at(-1)).toBeGreaterThanOrEqual(5000)
})

test('when the line is back, an attempt that was still failing is followed by another at once', async () => {
  manners = ['busy', 'hang_up']
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  await outbox.flush()
  void outbox.flush()
  await outbox.resume()
  expect(batches()).toBe(3)
  expect(types()).toEqual(['site_opened'])
})

test('a token that is refused is asked for anew', async () => {
  manners = ['refuse_token']
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  await outbox.flush()
  await outbox.flush()
  expect(types()).toEqual(['site_opened'])
  expect(server.heard.filter(({ path }) => path === '/api/v1/visit-tokens')).toHaveLength(2)
})

test('one batch the server will not have costs only the offending event', async () => {
  manners = ['refuse_many']
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  await outbox.record({ type: 'photo_taken', ...GATE })
  await outbox.flush()
  expect(types()).toEqual(['site_opened', 'photo_taken'])
})

test.each<ConsentState>(['unset', 'refused', 'withdrawn'])('under %s nothing leaves', async (state) => {
  consent = state
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  await outbox.flush()
  expect(server.heard).toEqual([])
})

test('taking consent back drops what waits, also after a reload', async () => {
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  consent = 'withdrawn'
  await outbox.consentChanged()
  consent = 'statistics'
  await (await open()).flush()
  expect(server.heard).toEqual([])
})

test('with only the necessary allowed no visit is named, not even for what waited', async () => {
  const outbox = await open()
  await outbox.record({ type: 'site_opened' })
  consent = 'necessary'
  await outbox.consentChanged()
  await outbox.record({ type: 'photo_taken', ...GATE })
  await outbox.flush()
  expect([...stored.values()].map(({ visit }) => visit)).toEqual([undefined, undefined])
})

test('no event carries a coordinate', async () => {
  const outbox = await open()
  await outbox.record({ type: 'landmark_entered', landmark: 'gate', accuracy: 'good' })
  await outbox.flush()
  const body = server.heard.find(({ path }) => path === '/api/v1/events')?.body ?? ''
  expect(Object.keys((JSON.parse(body) as EventBatch).events[0] ?? {}).sort()).toEqual([
    'accuracy',
    'at',
    'id',
    'landmark',
    'type'
  ])
})

test('while the server is away everything waits', async () => {
  const outbox = await open()
  await server.close()
  await outbox.record({ type: 'site_opened' })
  await outbox.flush()
  expect(types()).toEqual([])
})
