// @vitest-environment happy-dom
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addressOf, follow, isAt, readMembership } from '../src/follow'

const TEXTS = JSON.parse(readFileSync('../xr_server/texts/en/group.json', 'utf8')) as Record<string, string>
const SAID = Object.fromEntries(Object.entries(TEXTS).map(([key, text]) => [key.replace('page_', ''), text]))
const MEMBER = { code: 'ABCDEF', key: '0123456789', leads: false }
const GATE = 'landmarks/water-gate'
const RUNNING = '<div class="overlay" data-ar="placed"><div class="overlay-words"></div></div>'

type Given = { step: number; stop: string | null; ended?: boolean; name?: string } | number

let stop = (): void => undefined
let given: Given = 500
const asked: { url: string; tag: string | null }[] = []
const went: string[] = []

function lay(path: string, inside = ''): void {
  const { happyDOM } = window as unknown as { happyDOM: { setURL: (url: string) => void } }
  happyDOM.setURL(`http://localhost${path}`)
  document.documentElement.dataset['language'] = 'en'
  document.body.innerHTML = `<header></header><main data-site="dejima">${inside}</main>
    <script type="application/json" id="follow-texts">${JSON.stringify(SAID)}</script>`
}

function answer(url: string, init: RequestInit): Response {
  asked.push({ url, tag: new Headers(init.headers).get('If-None-Match') })
  if (typeof given === 'number') return new Response(null, { status: given })
  const body = { ended: false, name: 'Water Gate', ...given }
  return new Response(JSON.stringify(body), { headers: { etag: `"${given.step}"` } })
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
}

function bar(): string {
  return (document.querySelector('.group-bar')?.textContent ?? '').trim()
}

beforeEach(() => {
  vi.useFakeTimers()
  asked.length = 0
  went.length = 0
  vi.spyOn(window, 'fetch').mockImplementation(async (url, init) => answer(String(url), init ?? {}))
  vi.spyOn(window.location, 'assign').mockImplementation((url) => void went.push(String(url)))
})

afterEach(() => {
  stop()
  stop = () => undefined
  sessionStorage.clear()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

test('the group is read from the address, or from the page that a code opens', () => {
  lay('/en/dejima/landmarks/water-gate?group=ABCDEF.0123456789&lead=1')
  expect(readMembership(window)).toEqual({ ...MEMBER, leads: true })
  lay('/g/ABCDEF')
  expect(readMembership(window)).toBeNull()
  document.querySelector('main')?.setAttribute('data-group', 'ABCDEF.0123456789')
  expect(readMembership(window)).toEqual(MEMBER)
  lay('/en/dejima/?group=<b>')
  expect(readMembership(window)).toBeNull()
})

test('a stop is told by its path, whichever page of its experience is open', () => {
  expect(isAt('/ja/dejima/landmarks/water-gate', GATE)).toBe(true)
  expect(isAt('/ja/dejima/xr/gate-1820', 'experiences/gate-1820')).toBe(true)
  expect(isAt('/ja/dejima/experiences/gate-1820', GATE)).toBe(false)
  lay('/en/dejima/')
  expect(addressOf(window, GATE, MEMBER)).toBe('/en/dejima/landmarks/water-gate?group=ABCDEF.0123456789')
})

test('the page goes to the stop within one question after the guide, and asks with what it knows', async () => {
  lay('/en/dejima/landmarks/house?group=ABCDEF.0123456789')
  given = { step: 1, stop: 'landmarks/house' }
  stop = follow(window, MEMBER)
  await pass(0)
  expect(went).toEqual([])
  expect(bar()).toContain('You are where the group is.')
  given = 304
  await pass(2000)
  expect(asked.at(-1)).toEqual({ url: '/g/ABCDEF/now?key=0123456789&lang=en', tag: '"1"' })
  given = { step: 2, stop: GATE }
  await pass(2000)
  expect(went).toEqual(['/en/dejima/landmarks/water-gate?group=ABCDEF.0123456789'])
})

test('a view that runs is not ended without a question', async () => {
  lay('/en/dejima/xr/gate-1820', RUNNING)
  given = { step: 3, stop: GATE }
  stop = follow(window, MEMBER)
  await pass(0)
  expect(went).toEqual([])
  expect(bar()).toContain('The group goes on to “Water Gate”')
  document.querySelector<HTMLButtonElement>('.group-bar button')?.click()
  expect(bar()).toContain('The group is at “Water Gate”.')
  stop()
  lay('/en/dejima/xr/gate-1820', RUNNING)
  stop = follow(window, MEMBER) // another page of the same tab: the answer still holds
  await pass(0)
  expect(went).toEqual([])
  given = { step: 4, stop: 'landmarks/house', name: 'House' }
  await pass(2000)
  expect(bar()).toContain('The group goes on to “House”')
})

test('who looks elsewhere by choice is led back by a tap only, until the guide goes on', async () => {
  sessionStorage.setItem('group-step', 'ABCDEF 3')
  lay('/en/dejima/help')
  given = { step: 3, stop: GATE }
  stop = follow(window, MEMBER)
  await pass(0)
  expect(went).toEqual([])
  expect(document.querySelector<HTMLAnchorElement>('.group-bar a')?.pathname).toBe('/en/dejima/landmarks/water-gate')
})

test("the guide's own phone is led nowhere, and finds the way back to its page", async () => {
  lay('/en/dejima/landmarks/house')
  given = { step: 1, stop: GATE }
  stop = follow(window, { ...MEMBER, leads: true })
  await pass(0)
  expect(went).toEqual([])
  const links = [...document.querySelectorAll<HTMLAnchorElement>('.group-bar a')].map(({ pathname }) => pathname)
  expect(links).toEqual(['/en/dejima/landmarks/water-gate', '/g/ABCDEF/lead'])
})

test('without an answer it says so and asks less and less often; with one it is quick again', async () => {
  lay('/en/dejima/landmarks/house')
  given = 503
  stop = follow(window, MEMBER)
  await pass(0)
  expect(bar()).toContain('No connection to the guide')
  await pass(60_000)
  const lost = asked.length
  expect(lost).toBeLessThan(8)
  given = { step: 1, stop: 'landmarks/house' }
  await pass(30_000)
  expect(bar()).not.toContain('No connection')
  given = 304
  const before = asked.length
  await pass(10_000)
  expect(asked.length - before).toBe(5)
})

test('a group that has ended is asked about no more, and the page stays', async () => {
  lay('/en/dejima/landmarks/house?group=ABCDEF.0123456789')
  given = { step: 5, stop: null, ended: true }
  stop = follow(window, MEMBER)
  await pass(0)
  expect(bar()).toContain('The guide has ended the group.')
  expect(document.querySelector<HTMLAnchorElement>('.group-bar a')?.search).toBe('')
  await pass(60_000)
  expect(asked).toHaveLength(1)
})

test('links of the visit keep the group, others are left alone', async () => {
  lay(
    '/en/dejima/landmarks/house',
    '<a id="visit" href="/ja/dejima/landmarks/house">a</a><a id="calendar" href="/calendar.ics?site=dejima">b</a>' +
      '<a id="other" href="https://example.org/en/x/">c</a><a href="/questions/dejima/en">d</a>' +
      '<a href="/memories/add/dejima/house?lang=en">e</a>'
  )
  stop = follow(window, MEMBER)
  for (const link of document.querySelectorAll<HTMLAnchorElement>('main a')) {
    link.addEventListener('click', (event) => event.preventDefault())
    link.click()
  }
  const found = [...document.querySelectorAll<HTMLAnchorElement>('main a')].map(({ search }) => search)
  expect(found).toEqual(['?group=ABCDEF.0123456789', '?site=dejima', '', '', '?lang=en'])
})
