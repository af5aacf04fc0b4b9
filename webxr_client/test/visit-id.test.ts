import { expect, test } from 'vitest'
import { makeUuid7 } from '../src/uuid'
import { continueVisit } from '../src/visit-id'

const ZONE = 'Asia/Tokyo'
const NOON = Date.parse('2026-10-07T03:00:00Z')
const MINUTE = 60_000

function makeNumbers(): () => string {
  let number = 0
  return () => `visit-${++number}`
}

test('a visit goes on while something happens every half hour', () => {
  const next = makeNumbers()
  const first = continueVisit(null, NOON, ZONE, next)
  const second = continueVisit(first, NOON + 30 * MINUTE, ZONE, next)
  expect(continueVisit(second, NOON + 60 * MINUTE, ZONE, next).id).toBe('visit-1')
})

test('after a longer pause it is another visit', () => {
  const next = makeNumbers()
  const first = continueVisit(null, NOON, ZONE, next)
  expect(continueVisit(first, NOON + 30 * MINUTE + 1, ZONE, next).id).toBe('visit-2')
})

test('at local midnight it is another visit', () => {
  const next = makeNumbers()
  const late = continueVisit(null, Date.parse('2026-10-07T14:59:00Z'), ZONE, next)
  expect(continueVisit(late, Date.parse('2026-10-07T15:00:00Z'), ZONE, next).id).toBe('visit-2')
})

test('ids are UUIDs of version 7 that begin with their moment', () => {
  const id = makeUuid7(0x0190_0102_0304, new Uint8Array(10).fill(0xff))
  expect(id).toBe('01900102-0304-7fff-bfff-ffffffffffff')
})

test('later ids sort later', () => {
  const early = makeUuid7(NOON, new Uint8Array(10).fill(0xff))
  expect(early < makeUuid7(NOON + 1, new Uint8Array(10))).toBe(true)
})
