import { expect, test } from 'vitest'
import { classOf } from '../src/accuracy'
import { eventsBetween, isInside } from '../src/happened'
import { reasonOf } from '../src/reasons'
import { type Action, reduce, START, type VisitState } from '../src/state'
import type { NewEvent, Occurrence } from '../src/wire'
import { experience, GATE, site } from './ui/builders'

const NOON = Date.parse('2026-12-05T10:00:00Z')
const ALWAYS: Occurrence[] = [['2026-10-01T00:00:00Z', '2027-12-01T00:00:00Z']]
const SITE = site([experience({ occurrences: ALWAYS })])
const OF = { experience: 'gate-1820', landmark: 'gate', scene: 'gate' }
const LOADED: Action = { type: 'site_loaded', site: SITE, at: NOON }

function at(lat: number, accuracy_m = 5): Action {
  return { type: 'position_changed', position: { kind: 'granted', fix: { lat, lon: GATE.lon ?? 0, accuracy_m } } }
}

const HERE = GATE.lat ?? 0
const AWAY = HERE + 0.1

/** What a visit tells on its way through some actions. */
function told(before: VisitState, ...actions: Action[]): NewEvent[] {
  const events: NewEvent[] = []
  actions.reduce((state, action) => {
    const next = reduce(state, action)
    events.push(...eventsBetween(state, next))
    return next
  }, before)
  return events
}

test('a whole visit tells each thing once, and no coordinate', () => {
  const events = told(
    START,
    LOADED,
    at(HERE, 12),
    { type: 'stage_changed', stage: { kind: 'loading', loaded_bytes: 1, total_bytes: 2 } },
    { type: 'stage_changed', stage: { kind: 'shown', level: 2, spots: 3 } },
    { type: 'stage_changed', stage: { kind: 'shown', level: 0, spots: 3 } },
    { type: 'ar_changed', ar: 'starting' },
    { type: 'ar_changed', ar: 'searching' },
    { type: 'ar_changed', ar: 'placed' },
    { type: 'ar_changed', ar: 'off' },
    { type: 'beside_changed', beside: 'window' },
    { type: 'beside_changed', beside: null },
    at(AWAY)
  )
  expect(events).toEqual([
    { type: 'site_opened' },
    { type: 'arrived', accuracy: 'fair' },
    { type: 'landmark_entered', landmark: 'gate', accuracy: 'fair' },
    { type: 'experience_opened', experience: 'gate-1820', landmark: 'gate', by: 'trigger' },
    { type: 'scene_opened', level: 2, ...OF },
    { type: 'ar_started', way: 'ar', ...OF },
    { type: 'ar_ended', ...OF },
    { type: 'ar_started', way: 'window', ...OF },
    { type: 'ar_ended', ...OF },
    { type: 'landmark_left', landmark: 'gate' }
  ])
})

test('an AR session that never began is no event', () => {
  const open = [LOADED, at(HERE)].reduce(reduce, START)
  expect(told(open, { type: 'ar_changed', ar: 'starting' }, { type: 'ar_changed', ar: 'failed' })).toEqual([])
})

test.each(['visitor', 'code'] as const)('an experience opened by %s says so', (by) => {
  const loaded = reduce(START, LOADED)
  const opened: Action = { type: 'experience_opened', experience: 'gate-1820', by }
  expect(told(loaded, opened)).toEqual([{ type: 'experience_opened', experience: 'gate-1820', landmark: 'gate', by }])
})

test('in the headset it is looked at too', () => {
  const open = reduce(reduce(START, LOADED), { type: 'experience_opened', experience: 'gate-1820' })
  const worn: Action = { type: 'beside_changed', beside: 'headset' }
  expect(told(open, worn)).toEqual([{ type: 'ar_started', way: 'headset', ...OF }])
})

test('whoever stands there before the site is known has arrived once it is', () => {
  const before = reduce(START, at(HERE))
  expect(told(before, LOADED).map(({ type }) => type)).toEqual(['site_opened', 'arrived'])
})

const [WEST, SOUTH, EAST, NORTH] = SITE.site.bounds
const METRE = 1 / 111_320

test.each([
  ['in the middle', (SOUTH + NORTH) / 2, (WEST + EAST) / 2, 10, true],
  ['20 m before its northernmost landmark', NORTH + 20 * METRE, EAST, 10, true],
  ['40 m from it', NORTH + 40 * METRE, EAST, 10, false],
  ['20 m west', SOUTH, WEST - (20 * METRE) / Math.cos((SOUTH * Math.PI) / 180), 10, true],
  ['40 m west', SOUTH, WEST - (40 * METRE) / Math.cos((SOUTH * Math.PI) / 180), 10, false],
  ['in the middle, as far as a vague fix can say', (SOUTH + NORTH) / 2, (WEST + EAST) / 2, 80, false]
])('a phone %s', (_, lat, lon, accuracy_m, inside) => {
  expect(isInside(SITE, { lat, lon, accuracy_m })).toBe(inside)
})

test.each([
  [0, 'good'],
  [10, 'good'],
  [10.1, 'fair'],
  [25, 'fair'],
  [25.1, 'poor'],
  [Number.NaN, 'poor'],
  [null, 'poor']
])('%s m are %s', (accuracy_m, accuracy) => {
  expect(classOf(accuracy_m)).toBe(accuracy)
})

const DECLINED: Action = { type: 'location_declined' }
const position = (kind: 'asking' | 'denied' | 'unavailable'): Action => ({
  type: 'position_changed',
  position: { kind }
})

test.each<[string, Action[], string[]]>([
  ['said to us', [DECLINED], ['permission_refused']],
  ['said to the browser', [position('asking'), position('denied')], ['permission_refused']],
  ['taken away later', [at(AWAY), position('denied')], ['permission_refused']],
  ['switched off after it was on', [at(AWAY), DECLINED], []],
  ['not to be had', [position('asking'), position('unavailable')], ['failed']],
  ['away for a moment', [at(AWAY), position('unavailable'), at(AWAY)], []]
])('a position %s', (_, actions, types) => {
  expect(told(reduce(START, LOADED), ...actions).map(({ type }) => type)).toEqual(types)
})

test('a model that could not be shown is told with the reason, once', () => {
  const open = reduce(reduce(START, LOADED), { type: 'experience_opened', experience: 'gate-1820' })
  const failed: Action = { type: 'stage_changed', stage: { kind: 'failed', key: 'stage_withdrawn' } }
  expect(told(open, failed, failed)).toEqual([{ type: 'failed', reason: 'model_missing', experience: 'gate-1820' }])
})

test.each([
  ['ar_denied', null],
  ['window_rested', null],
  ['stage_no_webgl', 'unsupported'],
  ['stage_broken', 'model_broken'],
  ['problem_offline', 'line_lost'],
  ['context_lost_ar', 'graphics_lost'],
  ['window_paused', 'interrupted'],
  ['take_full', 'storage_full'],
  ['a_sentence_of_tomorrow', 'other']
])('the sentence %s stands for %s', (key, reason) => {
  expect(reasonOf(key)).toBe(reason)
})
