// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aheadDeg, type Turn } from '../../src/window/attitude'
import { type Heading, requestMotion, watchSensors } from '../../src/window/sensors'

interface Told {
  alpha?: number | null
  beta?: number | null
  gamma?: number | null
  absolute?: boolean
  webkitCompassHeading?: number
  webkitCompassAccuracy?: number
  timeStamp?: number
}

let turns: Turn[]
let headings: Heading[]
let stop: () => void

beforeEach(() => {
  ;[turns, headings] = [[], []]
  stop = watchSensors(window, { onTurn: (turn) => turns.push(turn), onHeading: (heading) => headings.push(heading) })
})
afterEach(() => {
  stop()
  vi.unstubAllGlobals()
})

/** What a sensor says, upright in portrait unless told otherwise. */
function say(kind: 'deviceorientation' | 'deviceorientationabsolute', told: Told): void {
  const event = new Event(kind)
  for (const [name, value] of Object.entries({
    alpha: 0,
    beta: 90,
    gamma: 0,
    absolute: false,
    timeStamp: 0,
    ...told
  })) {
    Object.defineProperty(event, name, { value })
  }
  window.dispatchEvent(event)
}

test('an iPhone turns by angles of its own and adds the heading of its compass', () => {
  say('deviceorientation', { alpha: 200, webkitCompassHeading: 70, webkitCompassAccuracy: 10 })
  expect(aheadDeg(turns[0] as Turn)).toBeCloseTo(160, 6)
  expect(headings).toEqual([{ magnetic_deg: 70, local_deg: expect.closeTo(160, 6), at_ms: 0 }])
})

test.each([-1, 60])(
  'an iPhone whose compass is not set, or says it is %d degrees off, tells no heading',
  (accuracy) => {
    say('deviceorientation', { webkitCompassHeading: 70, webkitCompassAccuracy: accuracy })
    expect([turns.length, headings.length]).toEqual([1, 0])
  }
)

test('on Android the calm event turns the picture, and the one with the compass tells the heading', () => {
  say('deviceorientation', { alpha: 350 })
  say('deviceorientationabsolute', { alpha: 300, absolute: true })
  expect(turns).toHaveLength(1)
  expect(headings).toEqual([{ magnetic_deg: expect.closeTo(60, 6), local_deg: expect.closeTo(10, 6), at_ms: 0 }])
})

test('where only the event with the compass comes, it turns the picture too', () => {
  say('deviceorientationabsolute', { alpha: 300, absolute: true, timeStamp: 1000 })
  expect(aheadDeg(turns[0] as Turn)).toBeCloseTo(60, 6)
  expect(headings[0]?.magnetic_deg).toBeCloseTo(headings[0]?.local_deg ?? Number.NaN, 6)
})

test('a compass that is only relative turns the picture and claims no north', () => {
  say('deviceorientation', { alpha: 300 })
  expect([turns.length, headings.length]).toEqual([1, 0])
})

test('a desk computer, whose angles are null, says nothing', () => {
  say('deviceorientation', { alpha: null, beta: null, gamma: null })
  say('deviceorientationabsolute', { alpha: null, beta: null, gamma: null, absolute: true })
  expect([turns.length, headings.length]).toEqual([0, 0])
})

test.each([
  ['by the screen', { orientation: { angle: 90 } }, undefined],
  ['on older iPhones by the window', {}, 90]
])('turned to landscape the picture follows, told %s', (_, screen, orientation) => {
  vi.stubGlobal('screen', screen)
  vi.stubGlobal('orientation', orientation)
  say('deviceorientation', { alpha: 0, beta: 0, gamma: -90 })
  const [x, y, z, w] = turns[0] as Turn
  expect(1 - 2 * (x * x + z * z)).toBeCloseTo(1, 6) // the view's upper side is up
  expect(Number.isFinite(y + w)).toBe(true)
})

test('after stopping nothing is heard any more', () => {
  stop()
  say('deviceorientation', {})
  expect(turns).toHaveLength(0)
})

test.each<[string, Record<string, unknown>, 'granted' | 'denied']>([
  ['yes to both', { DeviceOrientationEvent: { requestPermission: async () => 'granted' } }, 'granted'],
  ['no', { DeviceOrientationEvent: { requestPermission: async () => 'denied' } }, 'denied'],
  [
    'no to one of them',
    {
      DeviceOrientationEvent: { requestPermission: async () => 'granted' },
      DeviceMotionEvent: { requestPermission: async () => 'denied' }
    },
    'denied'
  ],
  ['not from a tap', { DeviceOrientationEvent: { requestPermission: () => Promise.reject(new Error()) } }, 'denied'],
  ['nothing to ask, as on Android', { DeviceOrientationEvent: class {}, DeviceMotionEvent: class {} }, 'granted']
])('asked for the sensors: %s', async (_, kinds, answer) => {
  expect(await requestMotion(kinds as unknown as Window)).toBe(answer)
})
