import { expect, test, vi } from 'vitest'
import { SILENCE_MS } from '../../src/download'
import type { Item } from '../../src/offline/plan'
import { measureMissing, type TakeIo, takeAlong } from '../../src/offline/take'
import { MemoryCache, phone, sha256, TestFiles } from './builders'

const GLB = 'the model of the gate'
const MODEL: Item = { url: '/packages/a/lod2.glb', kind: 'file', bytes: GLB.length, sha256: sha256(GLB) }
const PAGE: Item = { url: '/en/dejima/', kind: 'page', bytes: 10, sha256: null }
const going = (): AbortSignal => new AbortController().signal

test('all items are kept, and the progress ends at the whole', async () => {
  const server = new TestFiles({ [MODEL.url]: GLB, [PAGE.url]: '<h1>Dejima</h1>' })
  const kept = new MemoryCache()
  const told: [number, number][] = []
  const onProgress = (loaded: number, total: number): void => void told.push([loaded, total])
  const taking = await takeAlong([MODEL, PAGE], phone(server, kept), { signal: going(), onProgress })
  expect(taking).toEqual({ kind: 'done', damaged: [], gone: [] })
  expect(Object.fromEntries(kept.held)).toEqual({ [MODEL.url]: GLB, [PAGE.url]: '<h1>Dejima</h1>' })
  expect(told[0]).toEqual([0, MODEL.bytes + PAGE.bytes])
  expect(told.at(-1)).toEqual([MODEL.bytes + PAGE.bytes, MODEL.bytes + PAGE.bytes])
})

test('what is there is not fetched again, but a renewal fetches texts', async () => {
  const server = new TestFiles({ [MODEL.url]: GLB, [PAGE.url]: 'new words' })
  const kept = new MemoryCache()
  kept.held.set(MODEL.url, GLB).set(PAGE.url, 'old words')
  await takeAlong([MODEL, PAGE], phone(server, kept), { signal: going() })
  expect(server.asked).toEqual([])
  await takeAlong([MODEL, PAGE], phone(server, kept), { signal: going(), renew: true })
  expect(server.asked).toEqual([PAGE.url])
  expect(kept.held.get(PAGE.url)).toBe('new words')
})

test('a dropped connection is waited for, said, and only what is missing is asked for again', async () => {
  const server = new TestFiles({ [MODEL.url]: ['cut', 'cut', GLB], [PAGE.url]: 'words' })
  const kept = new MemoryCache()
  const links: string[] = []
  const taking = await takeAlong([PAGE, MODEL], phone(server, kept), {
    signal: going(),
    onLink: (link) => links.push(link)
  })
  expect(taking).toEqual({ kind: 'done', damaged: [], gone: [] })
  expect(server.asked.filter((path) => path === PAGE.url)).toHaveLength(1)
  expect(server.asked.filter((path) => path === MODEL.url)).toHaveLength(3)
  expect(links).toEqual(['waiting', 'waiting', 'loading'])
})

test('a body that breaks off half-way counts as no connection', async () => {
  const broken = (): Response =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.error(new TypeError('closed'))
      })
    )
  const answers = [broken(), new Response(GLB)]
  const io = { ...phone(new TestFiles({})), fetch: (async () => answers.shift()) as unknown as typeof fetch }
  expect(await takeAlong([MODEL], io, { signal: going() })).toEqual({ kind: 'done', damaged: [], gone: [] })
  expect(answers).toEqual([])
})

/** A body that gives a part every so many milliseconds, and after so many of them nothing any more, or its end. */
function trickle(part_ms: number, parts: number, ends: boolean): Response {
  let given = 0
  const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
    if (given === parts) return ends ? controller.close() : new Promise(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, part_ms))
    controller.enqueue(new TextEncoder().encode('x'))
    given += 1
  }
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }))
}

/** A phone whose server answers one request after another; one that is given up fails as in a browser. */
function phoneHearing(answers: (Response | 'silence')[]): TakeIo {
  const answer = async (_: unknown, { signal }: RequestInit): Promise<Response> => {
    const given = answers.shift() ?? 'silence'
    const gone = new Promise<never>((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason)))
    if (given === 'silence') return gone
    const reader = given.body?.getReader()
    const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
      const part = await Promise.race([reader?.read(), gone])
      if (part === undefined || part.done) controller.close()
      else controller.enqueue(part.value)
    }
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }))
  }
  return { ...phone(new TestFiles({})), fetch: answer as typeof fetch }
}

test.each([
  ['before it says anything', 'silence' as const],
  ['in the middle', trickle(100, 3, false)]
])('a connection that falls silent %s is given up and the file asked for again', async (_, silent) => {
  vi.useFakeTimers()
  const answers = [silent, new Response('words')]
  const links: string[] = []
  const onLink = (link: string): void => void links.push(link)
  const taking = takeAlong([PAGE], phoneHearing(answers), { signal: going(), onLink })
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1)
  expect(answers).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1000)
  expect(await taking).toMatchObject({ kind: 'done' })
  expect(links).toEqual(['waiting', 'loading'])
  vi.useRealTimers()
})

test('a slow connection that goes on speaking is listened to to the end', async () => {
  vi.useFakeTimers()
  const answers = [trickle(SILENCE_MS - 1, 3, true), new Response('other words')]
  const taking = takeAlong([PAGE], phoneHearing(answers), { signal: going() })
  await vi.advanceTimersByTimeAsync(4 * SILENCE_MS)
  expect(await taking).toMatchObject({ kind: 'done' })
  expect(answers).toHaveLength(1)
  vi.useRealTimers()
})

test.each([500, 503, 429])('an answer of %i is tried again', async (status) => {
  const server = new TestFiles({ [PAGE.url]: [status, 'words'] })
  expect(await takeAlong([PAGE], phone(server), { signal: going() })).toMatchObject({ kind: 'done' })
})

test('what the worker kept from before is no answer of the server', async () => {
  const old = new Response('old', { headers: { 'x-from-cache': '1' } })
  const kept = new MemoryCache()
  await takeAlong([PAGE], phone(new TestFiles({ [PAGE.url]: [old, 'new'] }), kept), { signal: going() })
  expect(kept.held.get(PAGE.url)).toBe('new')
})

test('a damaged file is thrown away and asked for once more', async () => {
  const server = new TestFiles({ [MODEL.url]: ['tampered', GLB] })
  const kept = new MemoryCache()
  expect(await takeAlong([MODEL], phone(server, kept), { signal: going() })).toMatchObject({ damaged: [] })
  expect(kept.held.get(MODEL.url)).toBe(GLB)
})

test('damaged twice it is named and not kept; the rest is', async () => {
  const server = new TestFiles({ [MODEL.url]: 'tampered', [PAGE.url]: 'words' })
  const kept = new MemoryCache()
  const taking = await takeAlong([MODEL, PAGE], phone(server, kept), { signal: going() })
  expect(taking).toEqual({ kind: 'done', damaged: [MODEL.url], gone: [] })
  expect([...kept.held.keys()]).toEqual([PAGE.url])
  expect(server.asked.filter((path) => path === MODEL.url)).toHaveLength(2)
})

test('a file a page has loaded before is taken over if it is sound, and fetched if it is not', async () => {
  const server = new TestFiles({ [MODEL.url]: GLB })
  await takeAlong([MODEL], phone(server, new MemoryCache(), { [MODEL.url]: GLB }), { signal: going() })
  expect(server.asked).toEqual([])
  const kept = new MemoryCache()
  await takeAlong([MODEL], phone(server, kept, { [MODEL.url]: 'bits that flipped' }), { signal: going() })
  expect(server.asked).toEqual([MODEL.url])
  expect(kept.held.get(MODEL.url)).toBe(GLB)
})

test('a full phone ends it; what arrived stays', async () => {
  const server = new TestFiles({ [MODEL.url]: GLB, [PAGE.url]: 'words' })
  const kept = new MemoryCache(10)
  expect(await takeAlong([PAGE, MODEL], phone(server, kept), { signal: going() })).toEqual({ kind: 'full' })
  expect([...kept.held.keys()]).toEqual([PAGE.url])
})

test('what is no longer published is named, and its old copy goes', async () => {
  const kept = new MemoryCache()
  kept.held.set(PAGE.url, 'words that were taken back')
  const server = new TestFiles({ [PAGE.url]: 410 })
  expect(await takeAlong([PAGE], phone(server, kept), { signal: going(), renew: true })).toMatchObject({
    gone: [PAGE.url]
  })
  expect(kept.held.size).toBe(0)
})

test('a stop is obeyed even while the connection is waited for', async () => {
  const stop = new AbortController()
  const io = {
    ...phone(new TestFiles({ [PAGE.url]: 'cut' })),
    untilLink: vi.fn(async () => stop.abort())
  }
  expect(await takeAlong([PAGE], io, { signal: stop.signal })).toEqual({ kind: 'cancelled' })
  expect(io.untilLink).toHaveBeenCalledTimes(1)
})

test('what is missing is weighed by what lies there', () => {
  expect(measureMissing([MODEL, PAGE], [MODEL.url])).toEqual({ items: [PAGE], bytes: PAGE.bytes })
})
