// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { createTeller, type Said, tellApart } from '../src/said'
import type { NewEvent } from '../src/wire'

const NOON = 1_791_000_000_000
const NOTHING: Said = { at: 0, site: false, link: null, landmark: null, experience: null, scene: null, once: [] }
const OF = { experience: 'a', landmark: 'gate', scene: 's' }
const PAGE = [
  { type: 'site_opened' },
  { type: 'arrived', accuracy: 'good' },
  { type: 'landmark_entered', landmark: 'gate', accuracy: 'good' },
  { type: 'experience_opened', experience: 'a', landmark: 'gate', by: 'trigger' },
  { type: 'scene_opened', level: 2, ...OF },
  { type: 'scene_completed', ...OF },
  { type: 'permission_refused', permission: 'camera', experience: 'a' },
  { type: 'failed', reason: 'line_lost', experience: 'a' }
] as const satisfies NewEvent[]

test('a second page of the same visit tells nothing again', () => {
  const first = tellApart(PAGE, NOTHING, NOON)
  expect(first.fresh).toEqual(PAGE)
  expect(tellApart(PAGE, first.said, NOON + 60_000).fresh).toEqual([])
})

test('after half an hour of nothing it is a new visit', () => {
  const { said } = tellApart(PAGE, NOTHING, NOON)
  expect(tellApart(PAGE, said, NOON + 31 * 60_000).fresh).toEqual(PAGE)
})

test('leaving and coming back is told', () => {
  const { said } = tellApart(PAGE, NOTHING, NOON)
  const left = { type: 'landmark_left', landmark: 'gate' } as const
  expect(tellApart([left, PAGE[2]], said, NOON).fresh).toEqual([left, PAGE[2]])
})

test('that questions were answered is told once, though the page that thanks is loaded again', () => {
  const answered = { type: 'survey_answered', questionnaire: 'usual' } as const
  expect(tellApart([answered, answered], NOTHING, NOON).fresh).toEqual([answered])
})

test('AR is told every time', () => {
  const started = { type: 'ar_started', way: 'ar', ...OF } as const
  const { said } = tellApart([started, { type: 'ar_ended', ...OF }], NOTHING, NOON)
  expect(tellApart([started], said, NOON).fresh).toHaveLength(1)
})

test('what did not work is told again for another reason or another experience, never twice for the same', () => {
  const { said } = tellApart(PAGE, NOTHING, NOON)
  const others = [
    { type: 'failed', reason: 'graphics_lost', experience: 'a' },
    { type: 'failed', reason: 'line_lost', experience: 'b' },
    { type: 'failed', reason: 'line_lost' }
  ] as const
  expect(tellApart([...others, PAGE[7]], said, NOON).fresh).toEqual(others)
})

test('another poster of the same day is told, the same one and a plain address are not', () => {
  const opened = (link?: string): NewEvent => ({ type: 'site_opened', ...(link === undefined ? {} : { link }) })
  const { fresh } = tellApart([opened(), opened('A1B2C3'), opened('A1B2C3'), opened(), opened('D4E5F6')], NOTHING, NOON)
  expect(fresh).toEqual([opened(), opened('A1B2C3'), opened('D4E5F6')])
})

test('what was said is forgotten when another visit begins by choice', () => {
  sessionStorage.clear()
  const told: NewEvent[] = []
  const teller = createTeller(sessionStorage, async (event) => void told.push(event))
  teller([PAGE[0]], NOON)
  teller.forget()
  teller([PAGE[0]], NOON)
  expect(told).toHaveLength(2)
})

test('what is not safe yet is told again by the next page, what is safe is not', async () => {
  sessionStorage.clear()
  const recorded: NewEvent[] = []
  createTeller(sessionStorage, () => new Promise(() => undefined))(PAGE, NOON) // this page is left too early
  const safe = createTeller(sessionStorage, async (event) => void recorded.push(event))
  safe(PAGE, NOON)
  safe(PAGE, NOON)
  await Promise.resolve()
  await new Promise((done) => setTimeout(done))
  createTeller(sessionStorage, async (event) => void recorded.push(event))(PAGE, NOON)
  expect(recorded).toEqual(PAGE)
})
