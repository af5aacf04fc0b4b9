import { beforeEach, expect, test } from 'vitest'
import { createClock } from '../src/clock'

const SERVER = Date.parse('2026-10-07T09:00:00Z')

/** Storage that lives as long as the test. */
function makeStorage(): Storage {
  const kept = new Map<string, string>()
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
    key: (index) => [...kept.keys()][index] ?? null,
    get length() {
      return kept.size
    }
  }
}

let device_at = 0
const device = (): number => device_at

beforeEach(() => {
  device_at = SERVER - 300_000 // the phone is five minutes behind
})

/** An answer the server wrote at a moment, sent and received at moments of the phone's clock. */
function headersAt(at: number, extra: Record<string, string> = {}): Headers {
  return new Headers({ date: new Date(at).toUTCString(), ...extra })
}

test('before any answer the phone is believed', () => {
  expect(createClock(device, null).now()).toBe(device_at)
})

test('one answer corrects five minutes to within a second', () => {
  const clock = createClock(device, null)
  clock.learn(headersAt(SERVER + 400), device_at + 300, device_at + 500)
  expect(Math.abs(clock.now() - SERVER)).toBeLessThanOrEqual(700)
})

test('several answers narrow it down', () => {
  const clock = createClock(device, null)
  for (const at of [100, 950, 1850, 2050]) clock.learn(headersAt(SERVER + at), device_at + at - 20, device_at + at + 20)
  expect(Math.abs(clock.now() - SERVER)).toBeLessThanOrEqual(90)
})

test('the age of an answer kept on the way counts', () => {
  const clock = createClock(device, null)
  clock.learn(headersAt(SERVER - 40_000, { age: '40' }), device_at, device_at + 100)
  expect(Math.abs(clock.now() - SERVER)).toBeLessThanOrEqual(1100)
})

test('an answer from the page’s own cache teaches nothing', () => {
  const clock = createClock(device, null)
  clock.learn(headersAt(SERVER - 86_400_000, { 'x-from-cache': '1' }), device_at, device_at)
  expect(clock.now()).toBe(device_at)
})

test('an answer without a readable date teaches nothing', () => {
  const clock = createClock(device, null)
  clock.learn(new Headers({ date: 'yesterday' }), device_at, device_at)
  clock.learn(new Headers(), device_at, device_at)
  expect(clock.now()).toBe(device_at)
})

test('when the phone’s clock is set meanwhile, the newest answer wins', () => {
  const clock = createClock(device, null)
  clock.learn(headersAt(SERVER), device_at, device_at + 50)
  device_at = SERVER
  clock.learn(headersAt(SERVER), device_at, device_at + 50)
  expect(Math.abs(clock.now() - SERVER)).toBeLessThanOrEqual(1000)
})

test('a reload without network still knows the difference', () => {
  const storage = makeStorage()
  createClock(device, storage).learn(headersAt(SERVER), device_at, device_at + 50)
  expect(Math.abs(createClock(device, storage).now() - SERVER)).toBeLessThanOrEqual(1000)
})
