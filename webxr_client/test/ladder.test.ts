import { expect, test } from 'vitest'
import type { Device } from '../src/device'
import { type Lack, ladderOf, type Rung, rungBelow, sideWaysOf, topOf } from '../src/ladder'
import { PLAIN_PHONE } from './ui/builders'

const IPHONE: Device = { ...PLAIN_PHONE, motion: 'ask', quickLook: true }
const ANDROID: Device = { ...PLAIN_PHONE, immersiveAr: true }

test.each<[string, Device, [Rung, Lack | null][]]>([
  [
    'a phone with WebXR has every rung',
    ANDROID,
    [
      ['ar', null],
      ['window', null],
      ['orbit', null],
      ['words', null]
    ]
  ],
  [
    'an iPhone begins at the magic window',
    IPHONE,
    [
      ['ar', 'xr'],
      ['window', null],
      ['orbit', null],
      ['words', null]
    ]
  ],
  [
    'a desk computer has no sensors',
    { ...PLAIN_PHONE, motion: 'none' },
    [
      ['ar', 'xr'],
      ['window', 'motion'],
      ['orbit', null],
      ['words', null]
    ]
  ],
  [
    'a browser inside another app gives no camera',
    { ...IPHONE, camera: false },
    [
      ['ar', 'xr'],
      ['window', 'camera'],
      ['orbit', null],
      ['words', null]
    ]
  ],
  [
    'over a connection nobody trusts, that is what is missing',
    { ...PLAIN_PHONE, secure: false, camera: false },
    [
      ['ar', 'secure'],
      ['window', 'secure'],
      ['orbit', null],
      ['words', null]
    ]
  ],
  [
    'without WebGL only words are left',
    { ...ANDROID, webgl2: false },
    [
      ['ar', 'webgl'],
      ['window', 'webgl'],
      ['orbit', 'webgl'],
      ['words', null]
    ]
  ]
])('%s', (_, device, steps) => {
  expect(ladderOf(device).map(({ rung, lack }) => [rung, lack])).toEqual(steps)
})

test('the richest rung, and the next one down that the device has', () => {
  expect(topOf(ANDROID)).toBe('ar')
  expect(topOf(IPHONE)).toBe('window')
  expect(rungBelow(ANDROID, 'ar')).toBe('window')
  expect(rungBelow({ ...ANDROID, camera: false }, 'ar')).toBe('orbit')
  expect(rungBelow(IPHONE, 'window')).toBe('orbit')
  expect(rungBelow(IPHONE, 'orbit')).toBe('words')
})

test('ways beside the ladder are there only where the device has them', () => {
  expect(sideWaysOf(IPHONE, true)).toEqual(['quick_look', 'street'])
  expect(sideWaysOf(IPHONE, false)).toEqual(['street'])
  expect(sideWaysOf({ ...PLAIN_PHONE, immersiveVr: true }, true)).toEqual(['street', 'vr'])
  expect(sideWaysOf({ ...IPHONE, webgl2: false }, true)).toEqual(['quick_look'])
})
