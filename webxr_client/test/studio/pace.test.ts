import { expect, test } from 'vitest'
import { createPace, sayLeft } from '../../src/pace'

const WORDS = { seconds: '{count} s', minutes: '{count} min' }

test('a steady line tells its pace and the time left after three seconds', () => {
  const pace = createPace()
  expect(pace(0, 100, 0)).toBeNull()
  expect(pace(2, 100, 2000)).toBeNull()
  expect(pace(4, 100, 4000)).toEqual({ per_s: 1, left_s: 96 })
})

test('a line that became faster is judged by what it does now', () => {
  const pace = createPace()
  for (let second = 0; second <= 30; second += 1) pace(second, 1000, second * 1000)
  let last = null
  for (let second = 31; second <= 46; second += 1) last = pace(30 + (second - 30) * 10, 1000, second * 1000)
  expect(last?.per_s).toBeCloseTo(10, 6)
})

test('nothing that moves has no pace, and what begins anew is measured anew', () => {
  const pace = createPace()
  pace(50, 100, 0)
  expect(pace(50, 100, 5000)).toBeNull()
  pace(60, 100, 6000)
  expect(pace(10, 100, 7000)).toBeNull()
  expect(pace(14, 100, 11_000)).toEqual({ per_s: 1, left_s: 86 })
})

test.each([
  [0.4, '5 s'],
  [13, '15 s'],
  [89, '90 s'],
  [90, '2 min'],
  [600, '10 min']
])('%d seconds are said as %s', (left_s, said) => {
  expect(sayLeft(left_s, WORDS)).toBe(said)
})
