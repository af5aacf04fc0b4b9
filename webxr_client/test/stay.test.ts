import { expect, test } from 'vitest'
import {
  isComplete,
  NO_SIGHT,
  NO_STAY,
  nextLookMs,
  openSpot,
  type Sight,
  type Stay,
  stepSight,
  stepStay
} from '../src/stay'

/** The seconds that are told while the landmark near the phone, or none, is looked at at some moments (s). */
function tell(...looks: [at_s: number, landmark: string | null][]): [string, number][] {
  const told: [string, number][] = []
  looks.reduce<Stay>((stay, [at_s, landmark]) => {
    const next = stepStay(stay, landmark, at_s * 1000)
    if (next.told !== null) told.push([next.told.landmark, next.told.stay_s])
    return next.stay
  }, NO_STAY)
  return told
}

test('every minute is told, and the rest when the landmark is left', () => {
  expect(tell([0, 'gate'], [60, 'gate'], [120, 'gate'], [131.4, null])).toEqual([
    ['gate', 60],
    ['gate', 60],
    ['gate', 11]
  ])
})

test('out of sight the clock stands: what was counted is told, and the pause is not', () => {
  expect(tell([0, 'gate'], [12, null], [500, 'gate'], [503, null])).toEqual([
    ['gate', 12],
    ['gate', 3]
  ])
})

test('from one landmark straight to the next', () => {
  expect(tell([0, 'gate'], [9, 'house'], [30, null])).toEqual([
    ['gate', 9],
    ['house', 21]
  ])
})

test('looks in between count nothing twice and lose no part of a second', () => {
  const looks = Array.from({ length: 151 }, (_, i): [number, string] => [i * 0.4, 'gate'])
  expect(tell(...looks, [61.9, null])).toEqual([
    ['gate', 60],
    ['gate', 1]
  ])
})

test('less than a second is not told', () => {
  expect(tell([0, 'gate'], [0.9, null])).toEqual([])
})

test('a phone that slept without saying so was not looked at all the while, and nothing is more than ten minutes', () => {
  expect(tell([0, 'gate'], [4000, 'gate'], [4010, null])).toEqual([
    ['gate', 75],
    ['gate', 10]
  ])
})

function see(...looks: [at_s: number, experience: string | null, isSeen: boolean][]): Sight {
  return looks.reduce<Sight>((sight, [at_s, of, isSeen]) => stepSight(sight, of, isSeen, at_s * 1000), NO_SIGHT)
}

test('a scene is complete after half a minute in sight, pauses not counted', () => {
  expect(isComplete(see([0, 'a', true], [29.9, 'a', true]), 3)).toBe(false)
  expect(isComplete(see([0, 'a', true], [30, 'a', true]), 3)).toBe(true)
  expect(isComplete(see([0, 'a', true], [20, 'a', false], [90, 'a', true], [99, 'a', true]), 3)).toBe(false)
  expect(isComplete(see([0, 'a', true], [20, 'a', false], [90, 'a', true], [100, 'a', true]), 3)).toBe(true)
})

test('another scene begins anew', () => {
  expect(see([0, 'a', true], [29, 'b', true], [40, 'b', true]).ms).toBe(11_000)
})

test('or when each of its points was opened; a scene without points is not complete by that', () => {
  const one = openSpot(openSpot(NO_SIGHT, 'roof'), 'roof')
  expect(isComplete(one, 2)).toBe(false)
  expect(isComplete(openSpot(one, 'door'), 2)).toBe(true)
  expect(isComplete(NO_SIGHT, 0)).toBe(false)
})

test('the page looks again just when there is something to tell', () => {
  expect(nextLookMs(NO_STAY, NO_SIGHT)).toBeNull()
  const { stay } = stepStay(stepStay(NO_STAY, 'gate', 0).stay, 'gate', 10_000)
  expect(nextLookMs(stay, NO_SIGHT)).toBe(50_000)
  expect(nextLookMs(stay, see([0, 'a', true], [12, 'a', true]))).toBe(18_000)
  expect(nextLookMs(NO_STAY, see([0, 'a', true], [12, 'a', false]))).toBeNull()
  expect(nextLookMs(NO_STAY, see([0, 'a', true], [45, 'a', true]))).toBeNull()
})
