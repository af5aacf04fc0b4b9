import type { ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { type Io, loadScene, loadSite, type Problem, type SiteWatch, waitMs, watchSite } from '../src/api'
import { createClock } from '../src/clock'
import { type Heard, sendJson, serve, type TestServer } from './server'

let server: TestServer | null = null
let watch: SiteWatch | null = null

afterEach(async () => {
  watch?.stop()
  await server?.close()
  server = null
  watch = null
})

/** Reading from a server that answers as the test says. */
async function ioWith(answer: (heard: Heard, response: ServerResponse) => void): Promise<Io> {
  server = await serve(answer)
  const { origin } = server
  const clock = createClock(() => Date.now(), null)
  return { clock, fetch: (address, init) => fetch(`${origin}${String(address)}`, init) }
}

test('a site and a scene are asked for by name and language', async () => {
  const io = await ioWith((heard, response) => sendJson(response, { path: heard.path }))
  expect(await loadSite('dejima', 'ja-x-easy', io)).toMatchObject({
    ok: true,
    from_cache: false,
    value: { path: '/api/v1/sites/dejima?lang=ja-x-easy' }
  })
  expect(await loadScene('dejima', 'gate/1', 'en', io)).toMatchObject({
    value: { path: '/api/v1/sites/dejima/scenes/gate%2F1?lang=en' }
  })
})

test.each([
  [404, 'missing'],
  [410, 'withdrawn'],
  [429, 'busy'],
  [503, 'busy'],
  [422, 'refused'],
  [500, 'broken']
])('an answer of %d is the problem %s', async (status, code) => {
  const io = await ioWith((_, response) => sendJson(response, { code: 'some_code' }, status, { 'Retry-After': '7' }))
  const loaded = await loadSite('dejima', 'en', io)
  expect(loaded).toMatchObject({ ok: false, problem: { code, key: `problem_${code}` } })
  if (!loaded.ok && code === 'busy') expect(loaded.problem.retry_after_s).toBe(7)
})

test('a page that is no JSON, as some hotspots send, is a problem and no crash', async () => {
  const io = await ioWith((_, response) => response.end('<html>sign in to the network</html>'))
  expect(await loadSite('dejima', 'en', io)).toMatchObject({ ok: false, problem: { code: 'broken' } })
})

test('a server that is not there is the problem offline', async () => {
  const io = await ioWith(() => undefined)
  await server?.close()
  expect(await loadSite('dejima', 'en', io)).toMatchObject({ ok: false, problem: { code: 'offline' } })
})

test('what the service worker had kept is told apart', async () => {
  const io = await ioWith((_, response) => sendJson(response, {}, 200, { 'x-from-cache': '1' }))
  expect(await loadSite('dejima', 'en', io)).toMatchObject({ ok: true, from_cache: true })
})

/** Follow a site with a short period; gives what was heard, and a way to wait for it. */
function follow(io: Io): { heard: string[]; until: (wanted: string, times?: number) => Promise<void> } {
  const heard: string[] = []
  let check = (): void => undefined
  const hear = (word: string): void => {
    heard.push(word)
    check()
  }
  watch = watchSite(
    'dejima',
    'en',
    {
      onSite: (site) => hear(`revision ${site.revision}`),
      onLink: (link) => hear(link),
      onProblem: (problem: Problem) => hear(problem.code)
    },
    { ...io, random: () => 0.5, period_ms: 5 }
  )
  const until = (wanted: string, times = 1): Promise<void> =>
    new Promise((done) => {
      check = () => {
        if (heard.filter((word) => word === wanted).length >= times) done()
      }
      check()
    })
  return { heard, until }
}

test('a new revision is heard once, and the same one not again', async () => {
  let revision = 1
  let asked = 0
  const io = await ioWith((heard, response) => {
    asked += 1
    if (asked === 4) revision = 2
    if (heard.headers['if-none-match'] === `"${revision}"`) {
      response.writeHead(304)
      response.end()
    } else sendJson(response, { revision }, 200, { ETag: `"${revision}"` })
  })
  const { heard, until } = follow(io)
  await until('revision 2')
  expect(heard).toEqual(['online', 'revision 1', 'revision 2'])
  expect(server?.heard.slice(1, 3).map(({ headers }) => headers['if-none-match'])).toEqual(['"1"', '"1"'])
})

test('a server that goes away is told, its document stays, and coming back is told', async () => {
  let away = false
  const io = await ioWith((heard, response) => {
    if (away) response.destroy()
    else if (heard.headers['if-none-match'] === '"1"') {
      response.writeHead(304)
      response.end()
    } else sendJson(response, { revision: 1 }, 200, { ETag: '"1"' })
  })
  const { heard, until } = follow(io)
  await until('revision 1')
  away = true
  await until('offline')
  away = false
  await until('online', 2)
  expect(heard).toEqual(['online', 'revision 1', 'offline', 'online'])
})

test('without a document and without a server the page is told why', async () => {
  const { heard, until } = follow(await ioWith((_, response) => response.destroy()))
  await until('offline', 2)
  expect(heard.slice(0, 2)).toEqual(['offline', 'offline']) // the link, and the problem
})

test('the more often it fails, the rarer it asks, within bounds', () => {
  expect(waitMs(0, 60_000, 0)).toBe(60_000)
  expect(waitMs(2, 60_000, 0)).toBe(240_000)
  expect(waitMs(20, 60_000, 0)).toBe(480_000)
  expect(waitMs(0, 60_000, 1)).toBe(48_000)
})
