// @vitest-environment happy-dom
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClock } from '../src/clock'
import { type Action, reduce, START, type VisitState } from '../src/state'
import { openTelling, type Telling } from '../src/telling'
import type { ConsentState, EventBatch, Occurrence, VisitEvent } from '../src/wire'
import { experience, GATE, site } from './ui/builders'

const NOON = Date.parse('2026-12-05T03:00:00Z')
const ALWAYS: Occurrence[] = [['2026-10-01T00:00:00Z', '2027-12-01T00:00:00Z']]
const OF = { experience: 'gate-1820', landmark: 'gate', scene: 'gate' }
const HERE: Action = {
  type: 'position_changed',
  position: { kind: 'granted', fix: { lat: GATE.lat ?? 0, lon: GATE.lon ?? 0, accuracy_m: 5 } }
}
const SHOWN: Action = { type: 'stage_changed', stage: { kind: 'shown', level: 1, spots: 2 } }

let number = 0
let consent: ConsentState
let telling: Telling | null
let state: VisitState
let posted: EventBatch[]
let beacons: EventBatch[]
let now_ms: number
let seen: 'visible' | 'hidden'

/** The server: a token, and every event taken. The network is what a test may stand in for. */
function answer(address: string, body: string): Response {
  if (String(address).endsWith('/visit-tokens'))
    return Response.json({ token: 'a.b', expires_at: new Date(NOON + 7_200_000).toISOString() })
  const batch = JSON.parse(body) as EventBatch
  posted.push(batch)
  return Response.json({ accepted: batch.events.length, duplicate: 0, rejected: [] })
}

beforeEach(() => {
  number += 1
  consent = 'statistics'
  telling = null
  state = START
  posted = []
  beacons = []
  now_ms = 0
  seen = 'visible'
  sessionStorage.clear()
  localStorage.clear()
  document.body.innerHTML = ''
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.stubGlobal('fetch', async (address: string, init: RequestInit) => answer(address, String(init.body)))
  vi.spyOn(performance, 'now').mockImplementation(() => now_ms)
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => seen)
  navigator.sendBeacon = (_, body) => {
    void (body as Blob).text().then((text) => beacons.push(JSON.parse(text) as EventBatch))
    return true
  }
})

afterEach(async () => {
  vi.useRealTimers() // first: whatever fails below, the next file waits in real time
  await telling?.close()
  vi.restoreAllMocks()
})

async function open(search = ''): Promise<Telling> {
  const { happyDOM } = window as unknown as { happyDOM: { setURL: (address: string) => void } }
  happyDOM.setURL(`https://dejima.test/en/dejima/${search}`)
  telling = await openTelling({
    view: window,
    site: `site-${number}`,
    language: 'en',
    clock: createClock(() => NOON + now_ms, null),
    consent: () => ({ state: consent, text_version: '1' })
  })
  return telling
}

/** Let things happen to the visit, one after another, each heard of. */
function happen(...actions: Action[]): void {
  for (const action of actions) {
    state = reduce(state, action)
    telling?.hear(state)
  }
}

const loaded = (): Action => ({ type: 'site_loaded', site: site([experience({ occurrences: ALWAYS })]), at: NOON })

function pass(seconds: number): void {
  now_ms += seconds * 1000
  vi.advanceTimersByTime(seconds * 1000)
}

function look(how: 'visible' | 'hidden'): void {
  seen = how
  document.dispatchEvent(new Event('visibilitychange'))
}

/** What the server has heard once all that waits was sent. */
async function heard(): Promise<VisitEvent[]> {
  vi.advanceTimersByTime(2000)
  vi.useRealTimers()
  await vi.waitFor(() => expect(posted.length).toBeGreaterThan(0))
  await new Promise((done) => setTimeout(done, 50))
  return posted.flatMap(({ events }) => events)
}

function bare(events: readonly VisitEvent[]): object[] {
  return events.map(({ id: _, at: __, ...rest }) => rest)
}

test('a stay is told every minute, and its rest before the landmark is left', async () => {
  await open()
  happen(loaded(), HERE)
  pass(61)
  pass(20)
  happen({ type: 'location_declined' })
  const events = bare(await heard()).filter((event) => JSON.stringify(event).includes('landmark_'))
  expect(events).toEqual([
    { type: 'landmark_entered', landmark: 'gate', accuracy: 'good' },
    { type: 'landmark_stayed', landmark: 'gate', stay_s: 61 },
    { type: 'landmark_stayed', landmark: 'gate', stay_s: 20 },
    { type: 'landmark_left', landmark: 'gate' }
  ])
})

test('a page that is hidden tells the stay in what it hands over at that moment, and its clock stands', async () => {
  await open()
  happen(loaded(), HERE)
  await vi.advanceTimersByTimeAsync(2000) // a token is there
  await vi.waitFor(() => expect(posted).toHaveLength(1))
  now_ms += 33_000
  look('hidden')
  vi.useRealTimers()
  await vi.waitFor(() => expect(beacons).toHaveLength(1))
  expect(bare(beacons[0]?.events ?? [])).toEqual([{ type: 'landmark_stayed', landmark: 'gate', stay_s: 33 }])
  now_ms += 600_000 // ten minutes in a pocket
  look('visible')
  now_ms += 4000
  look('hidden')
  await vi.waitFor(() => expect(beacons).toHaveLength(2))
  expect(bare(beacons[1]?.events ?? [])).toContainEqual({ type: 'landmark_stayed', landmark: 'gate', stay_s: 4 })
})

test('a scene is completed after half a minute in sight, once', async () => {
  await open()
  happen(loaded(), HERE, SHOWN)
  pass(29)
  pass(2)
  pass(40)
  const completed = bare(await heard()).filter((event) => JSON.stringify(event).includes('completed'))
  expect(completed).toEqual([{ type: 'scene_completed', ...OF }])
})

test('or when each of its points was opened, and each of these is told with where it is', async () => {
  const live = await open()
  happen(loaded(), HERE, SHOWN)
  live.tell({ type: 'hotspot_opened', hotspot: 'roof' })
  live.tell({ type: 'hotspot_opened', hotspot: 'door' })
  expect(bare(await heard()).slice(-3)).toEqual([
    { type: 'hotspot_opened', hotspot: 'roof', ...OF },
    { type: 'hotspot_opened', hotspot: 'door', ...OF },
    { type: 'scene_completed', ...OF }
  ])
})

test('in AR a scene is in sight only once it stands somewhere', async () => {
  await open()
  happen(loaded(), HERE, SHOWN, { type: 'ar_changed', ar: 'searching' })
  pass(50)
  happen({ type: 'ar_changed', ar: 'off' })
  const types = (await heard()).map(({ type }) => type)
  expect(types).not.toContain('scene_completed')
})

test.each([
  ['?utm_source=tram&utm_id=A1B2C3', { type: 'site_opened', link: 'A1B2C3' }],
  ['?utm_source=tram', { type: 'site_opened' }],
  ['?utm_id=a-text-of-somebody', { type: 'site_opened' }]
])('an address with %s tells of a link only where that is a code', async (search, opened) => {
  await open(search)
  happen(loaded())
  expect(bare(await heard())).toEqual([opened])
})

test.each([
  ['https://dejima.test/en/dejima/?utm_id=A1B2C3', { type: 'site_opened', link: 'A1B2C3' }],
  ['https://elsewhere.test/?utm_id=A1B2C3', { type: 'site_opened' }],
  ['', { type: 'site_opened' }]
])('a link that led to the page before, %s, is told by this one while nothing is told', async (before, opened) => {
  vi.spyOn(document, 'referrer', 'get').mockReturnValue(before)
  await open('gate')
  happen(loaded())
  expect(bare(await heard())).toEqual([opened])
})

test('a link that the page before has told is not told again', async () => {
  const first = await open('?utm_id=A1B2C3')
  happen(loaded())
  await heard()
  await first.close()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.spyOn(document, 'referrer', 'get').mockReturnValue('https://dejima.test/en/dejima/?utm_id=A1B2C3')
  posted = []
  const next = await open('gate')
  state = START
  happen(loaded())
  next.tell({ type: 'survey_answered', questionnaire: 'autumn' })
  expect(bare(await heard())).toEqual([{ type: 'survey_answered', questionnaire: 'autumn' }])
})

test('a trouble is told with its reason and the experience; a no of the visitor’s is no trouble', async () => {
  const live = await open()
  happen(loaded(), HERE)
  live.trouble('window_rested')
  live.trouble('context_lost_ar')
  live.trouble('context_lost_ar')
  expect(bare(await heard()).at(-1)).toEqual({ type: 'failed', reason: 'graphics_lost', experience: 'gate-1820' })
})

test('of a scene nothing is told while none is open', async () => {
  const live = await open()
  happen(loaded())
  live.tell({ type: 'photo_taken' })
  expect(bare(await heard())).toEqual([{ type: 'site_opened' }])
})

test('a coupon that was used is told once by this phone, and not days later', async () => {
  const page = (used_at: number): void => {
    document.body.innerHTML = `<section data-campaign="lantern" data-used-at="${used_at}"></section>`
  }
  page(NOON - 60_000)
  await open()
  happen(loaded())
  expect(bare(await heard()).at(-1)).toEqual({ type: 'coupon_redeemed', campaign: 'lantern' })
  await telling?.close()
  state = START
  await open()
  happen(loaded())
  localStorage.clear()
  page(NOON - 90_000_000)
  await telling?.close()
  state = START
  await open()
  happen(loaded())
  await new Promise((done) => setTimeout(done, 50))
  const types = posted.flatMap(({ events }) => events.map(({ type }) => type))
  expect(types.filter((type) => type === 'coupon_redeemed')).toHaveLength(1)
})

test.each<ConsentState>(['unset', 'refused', 'withdrawn'])(
  'under %s nothing at all is asked of the server',
  async (no) => {
    consent = no
    const live = await open()
    happen(loaded(), HERE, SHOWN)
    live.tell({ type: 'photo_taken' })
    live.trouble('stage_no_webgl')
    pass(90)
    look('hidden')
    vi.useRealTimers()
    await new Promise((done) => setTimeout(done, 50))
    expect([posted, beacons]).toEqual([[], []])
  }
)

test('whoever says yes is where they are now; who says it again tells nothing twice', async () => {
  consent = 'refused'
  const live = await open()
  happen(loaded(), HERE)
  consent = 'statistics'
  await live.consentChanged(state)
  await live.consentChanged(state)
  const types = (await heard()).map(({ type }) => type)
  expect(types).toEqual(['site_opened', 'arrived', 'landmark_entered', 'experience_opened'])
})

test('what happens while the yes is taken in is told once', async () => {
  consent = 'unset'
  const live = await open()
  happen(loaded(), HERE)
  consent = 'statistics'
  const taken = live.consentChanged(state)
  happen(SHOWN)
  await taken
  const types = (await heard()).map(({ type }) => type)
  expect(types).toEqual(['site_opened', 'arrived', 'landmark_entered', 'experience_opened', 'scene_opened'])
})

test('with less than before nothing is told again, and no visit is named any more', async () => {
  const live = await open()
  happen(loaded(), HERE)
  consent = 'necessary'
  await live.consentChanged(state)
  happen({ type: 'location_declined' })
  await heard()
  expect(posted.flatMap(({ events }) => events.map(({ type }) => type))).toEqual([
    'site_opened',
    'arrived',
    'landmark_entered',
    'experience_opened',
    'landmark_left'
  ])
  expect(posted.every(({ visit }) => visit === undefined)).toBe(true)
})

test('a batch says what kind of device it comes from', async () => {
  vi.spyOn(window, 'matchMedia').mockImplementation(
    (query) => ({ matches: query.includes('coarse') }) as MediaQueryList
  )
  vi.spyOn(window, 'screen', 'get').mockReturnValue({ width: 390, height: 844 } as Screen)
  await open()
  happen(loaded())
  await heard()
  expect(posted[0]?.device).toBe('phone')
})
