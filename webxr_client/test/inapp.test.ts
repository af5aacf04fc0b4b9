import { expect, test } from 'vitest'
import { findApp, findWayOut, isKeptBack } from '../src/inapp'
import { PLAIN_PHONE } from './ui/builders'

const IOS =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148'
const ANDROID =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 Version/4.0 Chrome/120.0 Mobile Safari/537.36'
const PAGE = 'https://example.org/ja/dejima/xr/gate?from=poster'

test.each([
  [`${IOS} Safari Line/13.20.0`, 'LINE'],
  [`${IOS} Instagram 300.0.0.0 (iPhone)`, 'Instagram'],
  [`${ANDROID} [FB_IAB/FB4A;FBAV/440.0]`, 'Facebook'],
  [`${IOS} MicroMessenger/8.0.40`, 'WeChat'],
  [`${IOS} Version/17.0 Safari/604.1`, null],
  ['Mozilla/5.0 (X11; Linux x86_64) Timeline/1', null]
])('%s', (userAgent, app) => {
  expect(findApp(userAgent)).toBe(app)
})

test('only what is missing decides: a phone that has camera and sensors is told nothing, whatever its app', () => {
  expect(isKeptBack(PLAIN_PHONE, true)).toBe(false)
  expect(isKeptBack({ ...PLAIN_PHONE, camera: false }, true)).toBe(true)
  expect(isKeptBack({ ...PLAIN_PHONE, motion: 'none' }, true)).toBe(true)
  expect(isKeptBack({ ...PLAIN_PHONE, camera: false, immersiveAr: true }, true)).toBe(false)
  expect(isKeptBack({ ...PLAIN_PHONE, motion: 'none' }, false)).toBe(false) // a desk computer
  expect(isKeptBack({ ...PLAIN_PHONE, secure: false, camera: false }, true)).toBe(false) // another cause
})

test('LINE opens the browser itself by an address of its own, which keeps the rest of the address', () => {
  expect(findWayOut('LINE', IOS, PAGE)).toEqual({
    kind: 'link',
    href: 'https://example.org/ja/dejima/xr/gate?from=poster&openExternalBrowser=1'
  })
})

test('on Android an intent opens the browser', () => {
  expect(findWayOut('Instagram', ANDROID, PAGE)).toEqual({
    kind: 'link',
    href: 'intent://example.org/ja/dejima/xr/gate?from=poster#Intent;scheme=https;action=android.intent.action.VIEW;end'
  })
})

test.each([
  ['Instagram', IOS],
  ['WeChat', ANDROID],
  [null, ANDROID]
] as const)('where nothing leads out, the address is copied: %s', (app, userAgent) => {
  expect(findWayOut(app, userAgent, PAGE)).toEqual({ kind: 'copy' })
})
