import { expect, test } from 'vitest'
import {
  type Asked,
  chooseManner,
  leadsHome,
  offlinePath,
  pickNearest,
  pickRally,
  readPageAddress,
  readRange,
  tabletPath
} from '../../src/offline/route'

const HOME = 'https://dejima.example'
const DIGEST = 'a'.repeat(64)

function manner(path: string, traits: Partial<Asked> = {}, home = HOME): string {
  const asked = { method: 'GET', mode: 'navigate', hasRange: false, cache: 'default', ...traits, url: home + path }
  return chooseManner(asked, HOME)
}

test.each([
  ['/static/assets/stage-abc.js', 'kept'],
  [`/packages/${DIGEST}/lod0.glb`, 'package'],
  ['/api/v1/sites', 'fresh'],
  ['/api/v1/sites/dejima?lang=ja', 'fresh'],
  ['/api/v1/sites/dejima/scenes/gate?lang=ja', 'fresh'],
  ['/', 'fresh'],
  ['/ja/dejima/', 'fresh'],
  ['/ja-x-easy/dejima/xr/gate', 'fresh'],
  ['/en/dejima/rallies/autumn', 'fresh'],
  ['/r/dejima/autumn/gate/ABCDEFGH', 'fresh'],
  ['/kiosk/dejima', 'fresh'],
  ['/kiosk/dejima/nl/landmarks/gate', 'fresh']
])('%s is %s', (path, expected) => {
  expect(manner(path)).toBe(expected)
})

test.each([
  '/studio/scans',
  '/desk/',
  '/preview/abc/ja/dejima/',
  '/login',
  '/counter/ABCDEFGHJK',
  '/tablets/now',
  '/logout',
  '/api/v1/uploads/1',
  '/api/v1/scans/1/progress',
  '/api/v1/events',
  '/api/v1/visit-tokens',
  '/api/v1/nearby?lat=1&lon=2',
  '/healthz',
  '/manifest.webmanifest',
  '/packages/short/lod0.glb'
])('%s is never touched', (path) => {
  expect(manner(path)).toBe('pass')
})

test('other methods and other hosts pass', () => {
  expect(manner('/ja/dejima/', { method: 'POST' })).toBe('pass')
  expect(manner(`/packages/${DIGEST}/manifest.json`, { method: 'HEAD' })).toBe('pass')
  expect(manner('/static/a.js', {}, 'https://other.example')).toBe('pass')
})

test('parts are answered of files that never change, and left alone elsewhere', () => {
  expect(manner(`/packages/${DIGEST}/tale.mp3`, { hasRange: true })).toBe('part')
  expect(manner('/static/assets/a.js', { hasRange: true })).toBe('pass')
})

test.each(['no-store', 'reload'])('who asks for a file with %s gets the server’s own bytes', (cache) => {
  expect(manner(`/packages/${DIGEST}/lod0.glb`, { cache })).toBe('pass')
})

test('a page fetched by a script is left to the network', () => {
  expect(manner('/ja/dejima/', { mode: 'cors' })).toBe('pass')
})

test('a page knows its language and site, and the page that stands in for it', () => {
  const page = readPageAddress(`${HOME}/zh-Hant/dejima/landmarks/gate`)
  expect(page).toEqual({ language: 'zh-Hant', site: 'dejima' })
  expect(page && offlinePath(page)).toBe('/zh-Hant/dejima/offline')
  for (const path of ['/', '/ja/', '/desk/records/1', '/static/assets/a.js']) {
    expect(readPageAddress(HOME + path)).toBeNull()
  }
})

test.each([
  ['/', true],
  ['/ja/', true],
  ['/ja/dejima/', false],
  ['/desk/', false]
])('%s only leads on: %s', (path, leads) => {
  expect(leadsHome(HOME + path)).toBe(leads)
})

test('the nearest page is one of the same language and site, else of the language, else any', () => {
  const [ja, en, other] = ['/ja/dejima/offline', '/en/dejima/offline', '/en/hirado/offline'].map((path) => HOME + path)
  const pages = [ja, other, en] as string[]
  expect(pickNearest(`${HOME}/en/dejima/help`, pages)).toBe(en)
  expect(pickNearest(`${HOME}/en/`, pages)).toBe(other)
  expect(pickNearest(`${HOME}/ko/dejima/help`, [ja as string])).toBe(ja)
  expect(pickNearest(`${HOME}/ko/dejima/help`, [])).toBeNull()
})

test.each([
  ['bytes=0-99', { first: 0, last: 99 }],
  ['bytes=900-', { first: 900, last: 999 }],
  ['bytes=-100', { first: 900, last: 999 }],
  ['bytes=990-5000', { first: 990, last: 999 }],
  ['bytes=1000-', null],
  ['bytes=5-2', null],
  ['bytes=-', null],
  ['lines=0-1', null]
])('of 1000 bytes %s is %o', (header, expected) => {
  expect(readRange(header, 1000)).toEqual(expected)
})

test('a code scanned without a signal opens the kept page of its rally, and of no other', () => {
  const kept = ['/ja/dejima/', '/ja/dejima/rallies/autumn', '/en/dejima/rallies/spring'].map((path) => HOME + path)
  const scanned = `${HOME}/r/dejima/autumn/gate/ABCDEFGH`
  expect(pickRally(scanned, kept)).toBe(`${HOME}/ja/dejima/rallies/autumn#at=gate&code=ABCDEFGH`)
  expect(pickRally(`${HOME}/r/hirado/autumn/gate/ABCDEFGH`, kept)).toBeNull()
  expect(pickRally(`${HOME}/ja/dejima/rallies/autumn`, kept)).toBeNull()
})

test('a page of the entrance tablet that is not kept leads to the one it rests on', () => {
  expect(tabletPath(`${HOME}/kiosk/dejima/ja/landmarks/gate`)).toBe('/kiosk/dejima')
  expect(tabletPath(`${HOME}/kiosk/dejima`)).toBe('/kiosk/dejima')
  expect(tabletPath(`${HOME}/ja/kiosk/`)).toBeNull()
})
