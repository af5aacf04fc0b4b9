// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { createTeller, type Said, tellApart } from '../src/said'
import type { NewEvent } from '../src/state'

const NOON = 1_791_000_000_000
const NOTHING: Said = { at: 0, site: false, landmark: null, experience: null, scene: null }
const PAGE = [
  { type: 'site_opened' },
  { type: 'landmark_entered', landmark: 'gate' },
  { type: 'experience_opened', experience: 'a', scene: 's', landmark: 'gate' },
  { type: 'scene_shown', experience: 'a', scene: 's', landmark: 'gate' }
] as const

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
  expect(tellApart([left, PAGE[1]], said, NOON).fresh).toEqual([left, PAGE[1]])
})

test('AR is told every time', () => {
  const { said } = tellApart([{ type: 'ar_entered' }, { type: 'ar_left' }], NOTHING, NOON)
  expect(tellApart([{ type: 'ar_entered' }], said, NOON).fresh).toHaveLength(1)
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
