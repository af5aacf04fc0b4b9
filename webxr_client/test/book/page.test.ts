// @vitest-environment happy-dom
import 'fake-indexeddb/auto'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepVisit, readBook, saveBook } from '../../src/book/keep'
import { setUpBook } from '../../src/book/page'
import { openStore } from '../../src/outbox-store'
import { openCards } from '../../src/rally/store'

const SITE = 'dejima'
const TEXTS = JSON.parse(readFileSync('../xr_server/texts/en/book.json', 'utf8')) as Record<string, string>
const OWN = Object.fromEntries(
  Object.entries(TEXTS).flatMap(([key, text]) => (key.startsWith('page_') ? [[key.slice(5), text]] : []))
)
const VISIT = { id: 'a'.repeat(32), last_at: 1, on: '2026-11-24' }

/** A server that gives receipts, and tells what it was asked. */
function makeServer(): { ask: typeof fetch; asked: [string, unknown][]; away: boolean } {
  const server = {
    asked: [] as [string, unknown][],
    away: false,
    ask: (async (address: string, { body }: { body: string }) => {
      if (server.away) throw new TypeError('no connection')
      const sent = JSON.parse(body) as { visit?: string }
      server.asked.push([address.replace('/api/v1/sites/dejima/book', ''), sent])
      if (address.endsWith('/receipts')) return Response.json({ receipt: `receipt of ${sent.visit?.slice(0, 1)}` })
      if (address.endsWith('/erase')) return Response.json({ erased: { visits: 1, events: 7, stamps: 2, prizes: 0 } })
      return new Response('{}')
    }) as unknown as typeof fetch
  }
  return server
}

async function putVisit(visit: typeof VISIT | null): Promise<void> {
  const store = await openStore(SITE)
  await store?.saveVisit(visit)
  store?.close()
}

async function putCard(): Promise<string> {
  const cards = await openCards(SITE)
  const { number } = await cards.load('autumn')
  cards.close()
  return number
}

async function open(server: ReturnType<typeof makeServer>): Promise<HTMLElement> {
  document.documentElement.lang = 'en'
  document.body.innerHTML = `<div id="book" data-site="dejima"><p class="said" hidden></p><div class="keep"></div>
    <div class="take"></div><div class="erase"></div></div><script type="application/json" id="book-texts"></script>`
  const texts = document.getElementById('book-texts')
  if (texts !== null) texts.textContent = JSON.stringify(OWN)
  vi.stubGlobal('fetch', server.ask)
  await setUpBook(window as unknown as Window & typeof globalThis)
  return document.getElementById('book') as HTMLElement
}

const said = (root: HTMLElement): string => root.querySelector('.said')?.textContent ?? ''
const press = (root: HTMLElement, what: string): void => root.querySelector<HTMLButtonElement>(what)?.click()

beforeEach(() => localStorage.clear())
afterEach(async () => {
  await putVisit(null)
  const cards = await openCards(SITE)
  await cards.forgetAll()
  cards.close()
})

test('no receipt is asked for unless the visitor wants that', async () => {
  const server = makeServer()
  await putVisit(VISIT)
  await keepVisit(SITE, localStorage, server.ask)
  expect(server.asked).toEqual([])
  expect(readBook(localStorage, SITE)).toEqual({ on: false, receipts: [], last: null })
})

test('each visit has one receipt, asked for once, and one that could not be had is asked for again', async () => {
  const server = makeServer()
  saveBook(localStorage, SITE, { on: true, receipts: [], last: null })
  await putVisit(VISIT)
  server.away = true
  await keepVisit(SITE, localStorage, server.ask)
  expect(readBook(localStorage, SITE).receipts).toEqual([])
  server.away = false
  await keepVisit(SITE, localStorage, server.ask)
  await keepVisit(SITE, localStorage, server.ask)
  await putVisit({ ...VISIT, id: 'b'.repeat(32) })
  await keepVisit(SITE, localStorage, server.ask)
  expect(readBook(localStorage, SITE).receipts).toEqual(['receipt of a', 'receipt of b'])
  expect(server.asked).toEqual([
    ['/receipts', { visit: VISIT.id, on: VISIT.on }],
    ['/receipts', { visit: 'b'.repeat(32), on: VISIT.on }]
  ])
})

test('what was kept by somebody else than us is no book', () => {
  localStorage.setItem('book-dejima', '{"on":1,"receipts":"x"}')
  expect(readBook(localStorage, SITE)).toEqual({ on: false, receipts: [], last: null })
})

test('a phone with nothing of its own says so', async () => {
  const root = await open(makeServer())
  expect(said(root)).toBe(TEXTS['page_nothing'])
})

test('receipts are switched on and off, and without statistics it says what they need', async () => {
  const server = makeServer()
  const root = await open(server)
  press(root, '.keep button')
  await vi.waitFor(() => expect(said(root)).toBe(TEXTS['page_keep_needs']))
  await putVisit(VISIT)
  press(root, '.keep button')
  await vi.waitFor(() => expect(root.querySelector('.keep button')?.textContent).toBe(TEXTS['page_keep_on']))
  press(root, '.keep button')
  await vi.waitFor(() => expect(root.querySelector('.keep p')?.textContent).toContain('So far: 1.'))
  expect(readBook(localStorage, SITE).receipts).toEqual(['receipt of a'])
})

test('erasing is asked twice, tells what was erased, and leaves nothing on the phone', async () => {
  const server = makeServer()
  saveBook(localStorage, SITE, { on: true, receipts: ['of an earlier day'], last: null })
  await putVisit(VISIT)
  const number = await putCard()
  const root = await open(server)
  press(root, '.erase button')
  expect(root.querySelector('.erase button')?.textContent).toBe(TEXTS['page_erase_sure'])
  expect(server.asked.map(([what]) => what)).not.toContain('/erase')
  press(root, '.erase button')
  await vi.waitFor(() => expect(said(root)).toBe('Erased. Visits: 1, events: 7, stamps: 2, prizes: 0.'))
  const [, sent] = server.asked.find(([what]) => what === '/erase') ?? []
  expect(sent).toEqual({ cards: [number], receipts: ['of an earlier day', 'receipt of a'] })
  expect(readBook(localStorage, SITE)).toEqual({ on: true, receipts: [], last: null })
  expect((await (await openCards(SITE)).load('autumn')).number).not.toBe(number)
  expect((await (await openStore(SITE))?.load())?.visit).toBeNull()
})

test('when the server cannot be reached nothing is lost, on the phone either', async () => {
  const server = makeServer()
  saveBook(localStorage, SITE, { on: false, receipts: ['kept'], last: null })
  const number = await putCard()
  const root = await open(server)
  server.away = true
  press(root, '.erase button')
  press(root, '.erase button')
  await vi.waitFor(() => expect(said(root)).toBe(TEXTS['page_later']))
  expect(readBook(localStorage, SITE).receipts).toEqual(['kept'])
  expect((await (await openCards(SITE)).load('autumn')).number).toBe(number)
})

test('what is known is taken along as a file', async () => {
  const server = makeServer()
  const number = await putCard()
  const root = await open(server)
  const names: string[] = []
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    names.push(this.download)
  })
  press(root, '.take button:last-child')
  await vi.waitFor(() => expect(names).toEqual(['stamp-book.csv']))
  expect(server.asked.at(-1)).toEqual(['?as=csv', { cards: [number], receipts: [] }])
  expect(said(root)).toBe('Saved as a file. Receipts: 0, stamp cards: 1.')
  vi.restoreAllMocks()
})
