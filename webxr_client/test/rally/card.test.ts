// @vitest-environment happy-dom
import 'fake-indexeddb/auto'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addStamp, collectHere } from '../../src/rally/collect'
import { setUpRally } from '../../src/rally/page'
import { readSpot } from '../../src/rally/scan'
import { openCards } from '../../src/rally/store'
import { type Action, reduce, START, type VisitState } from '../../src/state'
import type { Listener, Visit } from '../../src/ui/visit'
import type { NewEvent, Rally, SiteDocument } from '../../src/wire'
import { GATE, site } from '../ui/builders'

/** 24 November 2026, 11:00 in Nagasaki; a tablet's code of that half minute, as the server makes it. */
const PAIRS = JSON.parse(readFileSync('../tests/contract/rally.json', 'utf8')) as {
  at: number
  moment: string
  sign: string
}
const TEXTS = JSON.parse(readFileSync('../xr_server/texts/en/rally.json', 'utf8')) as Record<string, string>
const NAMES: Record<string, string> = { gate: 'Water Gate', house: 'House', garden: 'Garden' }
const WON = { code: 'ABCDE-FGHJK', qr: '<svg viewBox="0 0 9 9"><path d="M0 0"/></svg>', used_at: null as number | null }

let number = 0
let stop = (): void => undefined
let phone: ReturnType<typeof makePhone>

function rally(values: Partial<Rally> = {}): Rally {
  return {
    id: 'autumn',
    title: 'Autumn stamps',
    summary: '',
    landmarks: Object.keys(NAMES),
    order: 'free',
    first_on: '2026-11-20',
    last_on: '2026-11-30',
    starts_at: '2026-11-19T15:00:00Z',
    ends_at: '2026-11-30T15:00:00Z',
    needed: 2,
    prize: 'A postcard',
    collect_at: 'Museum shop',
    collect_until: '2026-12-02',
    proof: 'none',
    ...values
  }
}

/** A phone with a visit over the real reducer; the network beyond it answers as the test says, null being none. */
function makePhone(offered: Rally) {
  number += 1
  const landmarks = Object.entries(NAMES).map(([id, name]) => ({ ...GATE, id, name }))
  const document_: SiteDocument = { ...site([]), landmarks, rallies: [offered] }
  const told: NewEvent[] = []
  const asked: { path: string; body: Record<string, unknown> }[] = []
  const listeners: Listener[] = []
  let state: VisitState = reduce(START, { type: 'site_loaded', site: document_, at: PAIRS.at })
  const made = {
    at: PAIRS.at,
    answer: ((): Response | null => null) as (path: string) => Response | null,
    told,
    asked,
    visit: {
      get state() {
        return state
      },
      site: `dejima-${number}`,
      language: 'en',
      isPreview: false,
      io: {
        fetch: async (path: RequestInfo | URL, init?: RequestInit) => {
          const answer = made.answer(String(path))
          if (answer === null) throw new TypeError('no connection')
          asked.push({ path: String(path).split('/').at(-1) ?? '', body: JSON.parse(String(init?.body)) })
          return answer
        },
        clock: { now: () => made.at, learn: () => undefined }
      },
      dispatch(action: Action) {
        const before = state
        state = reduce(state, action)
        for (const listener of listeners) listener(state, before)
      },
      listen: (listener: Listener) => listeners.push(listener),
      consentChanged: () => undefined,
      tell: (event: NewEvent) => told.push(event)
    } as unknown as Visit
  }
  return made
}

function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'Content-Type': 'application/json' } })
}

/** The page as the server sends it, as far as the script reads it. */
function layPage(): void {
  const pick = (prefix: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(TEXTS)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, text]) => [key.slice(prefix.length), text])
    )
  document.documentElement.lang = 'en'
  document.body.innerHTML = `
    <p id="news"></p>
    <section id="card" data-rally="autumn"><p class="count"></p>
      <ol>${Object.keys(NAMES)
        .map((id) => `<li data-stamp="${id}"><p class="seal-word"></p></li>`)
        .join('')}</ol>
      <p class="said" hidden></p><div class="acts"></div><div class="prize" hidden></div></section>
    <script type="application/json" id="texts">${JSON.stringify(pick('ui.'))}</script>
    <script type="application/json" id="rally-texts">${JSON.stringify(pick('page_'))}</script>`
}

function get(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector)
  if (element === null) throw new Error(`no ${selector}`)
  return element
}

function press(words: string): void {
  const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === words)
  if (button === undefined) throw new Error(`no button ${words}`)
  button.click()
}

async function open(offered: Rally): Promise<void> {
  phone = makePhone(offered)
  stop = await setUpRally(window, phone.visit, (moment) => new Date(moment).toISOString())
}

function type(landmark: string, code: string): void {
  get('#card-place').setAttribute('value', landmark)
  ;(get('#card-place') as HTMLSelectElement).value = landmark
  ;(get('#card-code') as HTMLInputElement).value = code
  get('.card-form').dispatchEvent(new Event('submit', { cancelable: true }))
}

function said(): string {
  return get('.said').textContent ?? ''
}

function stamped(): string[] {
  return [...document.querySelectorAll<HTMLElement>('.stamped-on')].map((seal) => seal.dataset['stamp'] ?? '')
}

beforeEach(() => {
  layPage()
  window.history.replaceState(null, '', '/en/dejima/rallies/autumn')
})

afterEach(() => {
  stop()
  document.body.innerHTML = ''
})

test('a stamp comes by itself at a landmark, once, is said with the way to the card, and told', async () => {
  phone = makePhone(rally())
  window.history.replaceState(null, '', '/en/dejima/')
  await collectHere(phone.visit, 'gate')
  expect(get('#stamped').textContent).toContain('Stamp of “Water Gate” collected: 1 of 2.')
  expect(get('#stamped a').getAttribute('href')).toBe(`/en/${phone.visit.site}/rallies/autumn`)
  press('Close')
  await collectHere(phone.visit, 'gate')
  expect(document.getElementById('stamped')).toBeNull()
  expect(phone.told).toEqual([{ type: 'stamp_collected', rally: 'autumn', landmark: 'gate' }])
  expect(phone.asked).toEqual([]) // nothing of it leaves the phone
})

test('before its turn a stamp is not given, and the line names the one that comes first', async () => {
  phone = makePhone(rally({ order: 'fixed' }))
  await collectHere(phone.visit, 'house')
  expect(get('#stamped').textContent).toContain('First comes “Water Gate”')
  expect(phone.told).toEqual([])
})

test('where proof is asked the line says to scan, and gives nothing', async () => {
  phone = makePhone(rally({ proof: 'sign' }))
  await collectHere(phone.visit, 'gate')
  expect(get('#stamped').textContent).toContain('scan the square code')
  expect(phone.told).toEqual([])
})

test('outside its days a rally gives no stamp', async () => {
  phone = makePhone(rally())
  for (const at of ['2026-11-19T14:59:59Z', '2026-11-30T15:00:00Z']) {
    phone.at = Date.parse(at)
    await collectHere(phone.visit, 'gate')
  }
  expect(phone.told).toEqual([])
})

test('two tabs that see the same landmark at once give one stamp', async () => {
  phone = makePhone(rally())
  await Promise.all([1, 2, 3].map(() => addStamp(phone.visit, rally(), 'gate')))
  const cards = await openCards(phone.visit.site)
  expect((await cards.load('autumn')).stamps).toHaveLength(1)
  cards.close()
})

test('without a position buttons do; the prize waits for a signal and is then asked for by itself', async () => {
  await open(rally())
  press('I am at “Water Gate”')
  await vi.waitFor(() => expect(stamped()).toEqual(['gate']))
  press('I am at “Garden”')
  await vi.waitFor(() => expect(get('.prize').textContent).toContain('as soon as there is a signal'))
  expect(get('.count').textContent).toBe('2 stamps: you have enough')
  phone.answer = () => json(WON)
  window.dispatchEvent(new Event('online'))
  await vi.waitFor(() => expect(get('.prize-code').textContent).toBe('ABCDE-FGHJK'))
  expect(get('.prize-qr svg').namespaceURI).toBe('http://www.w3.org/2000/svg')
  const [{ path, body } = { path: '', body: {} }] = phone.asked
  expect([path, body['landmarks']]).toEqual(['prize', ['gate', 'garden']])
  expect(String(body['card'])).toMatch(/^[0-9a-f]{32}$/)
  expect(Object.keys(body)).toEqual(['card', 'landmarks']) // no time, no place, nothing else
})

test('a prize that was handed out says when, once it is known, and is told once', async () => {
  await open(rally({ needed: 1 }))
  phone.answer = () => json({ ...WON, used_at: PAIRS.at })
  press('I am at “House”')
  await vi.waitFor(() => expect(get('.prize').textContent).toContain('handed out on 2026-11-24T02:00:00'))
  window.dispatchEvent(new Event('online'))
  await vi.waitFor(() =>
    expect(phone.told.filter(({ type }) => type === 'prize_redeemed')).toEqual([
      { type: 'prize_redeemed', rally: 'autumn' }
    ])
  )
  expect(document.querySelector('.prize-qr')).toBeNull()
})

test('a typed code is taken by the server at once', async () => {
  await open(rally({ proof: 'sign' }))
  phone.answer = (path) =>
    path.endsWith('stamps') ? json({ landmarks: ['house'] }) : json({ code: 'stamps_missing' }, 409)
  type('house', PAIRS.sign.toLowerCase())
  await vi.waitFor(() => expect(said()).toBe('Stamp of “House” collected: 1 of 2.'))
  expect(stamped()).toEqual(['house'])
  expect(document.querySelector('.unchecked')).toBeNull()
  expect(phone.asked[0]?.body).toMatchObject({ landmark: 'house', code: PAIRS.sign, late: false })
})

test('without a signal a code is kept, sent as late when there is one, and dropped with a word when it was wrong', async () => {
  await open(rally({ proof: 'sign' }))
  type('house', PAIRS.sign)
  await vi.waitFor(() => expect(said()).toContain('kept'))
  await vi.waitFor(() => expect(document.querySelector('.unchecked')).not.toBeNull())
  phone.answer = () => json({ code: 'proof_wrong' }, 400)
  window.dispatchEvent(new Event('online'))
  await vi.waitFor(() => expect(said()).toContain('“House” was not accepted'))
  expect(phone.asked[0]?.body).toMatchObject({ late: true })
  await vi.waitFor(() => expect(stamped()).toEqual([]))
})

test('a slip of one letter is noticed before anything is sent or kept', async () => {
  await open(rally({ proof: 'sign' }))
  type('house', `${PAIRS.sign.slice(0, -1)}${PAIRS.sign.endsWith('7') ? '8' : '7'}`)
  await vi.waitFor(() => expect(said()).toContain('One letter seems to differ'))
  expect(stamped()).toEqual([])
})

test('without a signal the photograph of a tablet is refused by the clock', async () => {
  await open(rally({ proof: 'rotating' }))
  phone.at += 600_000
  type('gate', PAIRS.moment)
  await vi.waitFor(() => expect(said()).toContain('not shown any more'))
  phone.at -= 600_000
  type('gate', PAIRS.moment)
  await vi.waitFor(() => expect(stamped()).toEqual(['gate']))
})

test('a scanned code behind the # is taken once and leaves the address', async () => {
  window.history.replaceState(null, '', `/en/dejima/rallies/autumn#at=gate&code=${PAIRS.sign}`)
  phone = makePhone(rally({ proof: 'sign' }))
  phone.answer = () => json({ landmarks: ['gate'] })
  stop = await setUpRally(window, phone.visit, String)
  await vi.waitFor(() => expect(stamped()).toEqual(['gate']))
  expect(window.location.hash).toBe('')
  expect(phone.asked).toHaveLength(1)
})

test('in a fixed order only the next landmark is offered, and a code of a later one says which comes first', async () => {
  window.history.replaceState(null, '', `/en/dejima/rallies/autumn#at=garden&code=${PAIRS.sign}`)
  await open(rally({ proof: 'sign', order: 'fixed' }))
  await vi.waitFor(() => expect(said()).toContain('First comes “Water Gate”'))
  expect([...document.querySelectorAll('option')].map(({ value }) => value)).toEqual(['gate'])
})

test('a card is deleted when its holder wants it', async () => {
  await open(rally())
  press('I am at “Water Gate”')
  await vi.waitFor(() => expect(stamped()).toEqual(['gate']))
  const cards = await openCards(phone.visit.site)
  const { number: before } = await cards.load('autumn')
  press('Delete it now')
  await vi.waitFor(() => expect(stamped()).toEqual([]))
  expect((await cards.load('autumn')).number).not.toBe(before)
  cards.close()
})

test('every sentence of the page is said by its script, and every one it says is there', () => {
  const source = ['page', 'collect', 'card'].map((name) => readFileSync(`src/rally/${name}.ts`, 'utf8')).join('')
  const words = new Set(source.match(/[a-z][a-z0-9_]*/g))
  const own = Object.keys(TEXTS).filter((key) => key.startsWith('page_'))
  expect(own.filter((key) => !words.has(key.slice(5)))).toEqual([])
})

test("a square code is of a rally's place, or of something else", () => {
  const scanned = { site: 'dejima', rally: 'autumn', landmark: 'gate', code: 'ABCDEFGH' }
  expect(readSpot('https://dejima.example/r/dejima/autumn/gate/ABCDEFGH ')).toEqual(scanned)
  for (const other of [
    'https://dejima.example/s/ABCD',
    'ABCDEFGH',
    'https://dejima.example/r/dejima/autumn/gate/',
    ''
  ]) {
    expect(readSpot(other)).toBeNull()
  }
})

test('without a camera the page says to type, and the form is there again', async () => {
  await open(rally({ proof: 'sign' }))
  press('Scan with the camera')
  await vi.waitFor(() => expect(said()).toContain('camera cannot be used'))
  await vi.waitFor(() => expect(get('.card-scan').textContent).toBe('Scan with the camera'))
  expect(document.querySelector('#card-code')).not.toBeNull()
})
