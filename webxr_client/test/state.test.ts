import { expect, test } from 'vitest'
import { type Action, nextMoment, reduce, START, type VisitState } from '../src/state'
import type { Experience, Landmark, Occurrence, SiteDocument } from '../src/wire'

const NOON = Date.parse('2026-10-07T03:00:00Z')
const ALWAYS: Occurrence[] = [['2026-10-01T00:00:00Z', '2026-12-01T00:00:00Z']]
const EVENING: Occurrence[] = [['2026-10-07T09:00:00Z', '2026-10-07T12:00:00Z']]
const GATE = { lat: 32.7434, lon: 129.8728 }
const HOUSE = { lat: 32.7444, lon: 129.8728 }

function landmark(id: string, place: { lat: number; lon: number }): Landmark {
  const plain = { name: id, kana: '', category: '', status: '', accuracy_m: 15, history: '', years: {}, certainty: '' }
  const rest = { geometry: null, attribution: '', sources: [] }
  return { id, ...place, ...plain, ...rest, geofence: { enter_m: 20, leave_m: 30 } }
}

function experience(id: string, at: string, occurrences: Occurrence[], quiet_on: string[] = []): Experience {
  const words = { title: id, summary: '', body: '', cover: '' }
  return { id, ...words, landmark: at, scene: `${id}-scene`, trigger: { kind: 'geofence' }, occurrences, quiet_on }
}

const SITE: SiteDocument = {
  schema: 'dejima.site/1',
  revision: 1,
  compiled_for_on: '2026-10-07',
  language: 'en',
  site: {
    id: 'dejima',
    name: 'Dejima',
    summary: '',
    origin: { ...GATE, h: 34.5 },
    bounds: [129.87, 32.74, 129.88, 32.75],
    time_zone: 'Asia/Tokyo',
    declination_deg: -7.8,
    languages: ['ja', 'en'],
    reviewed: false,
    quiet_days: [],
    attribution: [],
    timeline: []
  },
  landmarks: [landmark('gate', GATE), landmark('house', HOUSE)],
  experiences: [
    experience('gate-1820', 'gate', ALWAYS),
    experience('gate-lanterns', 'gate', EVENING),
    experience('house-1820', 'house', ALWAYS)
  ]
}

const at = (place: { lat: number; lon: number }): Action => ({
  type: 'position_changed',
  position: { kind: 'granted', fix: { ...place, accuracy_m: 5 } }
})

function play(...actions: Action[]): VisitState {
  return actions.reduce(reduce, reduce(START, { type: 'site_loaded', site: SITE, at: NOON }))
}

test('what is on now is known as soon as the site is', () => {
  expect(play().live).toEqual(['gate-1820', 'house-1820'])
})

test('coming to a landmark opens what is on there', () => {
  expect(play(at(GATE))).toMatchObject({ open: 'gate-1820', openedBy: 'trigger', location: 'granted' })
})

test('a season’s experience comes before what is always there', () => {
  expect(play({ type: 'time_passed', at: Date.parse(EVENING[0]?.[0] ?? '') }, at(GATE)).open).toBe('gate-lanterns')
})

test('the page switches when one starts, at its very second', () => {
  const waiting = play(at(GATE))
  expect(nextMoment(waiting)).toBe(Date.parse('2026-10-07T09:00:00Z'))
  const evening = reduce(waiting, { type: 'time_passed', at: nextMoment(waiting) ?? 0 })
  expect(evening.live).toContain('gate-lanterns')
  expect(evening.open).toBe('gate-lanterns')
})

test('who is looking at a model is not torn away, only offered the next', () => {
  const looking = play(at(GATE), { type: 'stage_changed', stage: { kind: 'shown', level: 0, spots: 0 } })
  expect(reduce(looking, at(HOUSE))).toMatchObject({ open: 'gate-1820', offered: 'house-1820' })
})

test('a sheet the visitor opened is not replaced by walking', () => {
  const reading = play({ type: 'experience_opened', experience: 'house-1820' }, at(GATE))
  expect(reading).toMatchObject({ open: 'house-1820', offered: 'gate-1820' })
})

test('a sheet that was closed stays closed until one has left', () => {
  const closed = play(at(GATE), { type: 'experience_closed' }, at(GATE))
  expect(closed).toMatchObject({ open: null, offered: 'gate-1820' })
  const away = reduce(closed, at({ lat: GATE.lat - 0.01, lon: GATE.lon }))
  expect(reduce(away, at(GATE)).open).toBe('gate-1820')
})

test('declining forgets the position', () => {
  const declined = play(at(GATE), { type: 'location_declined' })
  expect(declined).toMatchObject({ location: 'declined', fix: null, trigger: { current: null } })
})

test('an experience taken back closes', () => {
  const open = play(at(GATE))
  const site = { ...SITE, experiences: [] }
  expect(reduce(open, { type: 'site_loaded', site, at: NOON }).open).toBeNull()
})

test('waiting for satellites keeps the last fix', () => {
  const state = play(at(GATE), { type: 'position_changed', position: { kind: 'granted', fix: null } })
  expect(state.fix).not.toBeNull()
})
