import { expect, test } from 'vitest'
import { chooseManner } from '../../src/offline/route'

const HOME = 'https://dejima.example'
const DIGEST = 'a'.repeat(64)

function manner(path: string, traits: { method?: string; mode?: string; hasRange?: boolean } = {}): string {
  return chooseManner({ method: 'GET', mode: 'navigate', hasRange: false, ...traits, url: HOME + path }, HOME)
}

test.each([
  ['/static/assets/stage-abc.js', 'kept'],
  ['/manifest.webmanifest', 'kept'],
  [`/packages/${DIGEST}/lod0.glb`, 'package'],
  ['/api/v1/sites', 'fresh'],
  ['/api/v1/sites/dejima?lang=ja', 'fresh'],
  ['/api/v1/sites/dejima/scenes/gate?lang=ja', 'fresh'],
  ['/', 'fresh'],
  ['/ja/dejima/', 'fresh'],
  ['/ja-x-easy/dejima/xr/gate', 'fresh']
])('%s is %s', (path, expected) => {
  expect(manner(path)).toBe(expected)
})

test.each([
  '/studio/scans',
  '/desk/',
  '/preview/abc/ja/dejima/',
  '/login',
  '/logout',
  '/api/v1/uploads/1',
  '/api/v1/scans/1/progress',
  '/api/v1/events',
  '/api/v1/visit-tokens',
  '/api/v1/nearby?lat=1&lon=2',
  '/healthz',
  '/packages/short/lod0.glb'
])('%s is never touched', (path) => {
  expect(manner(path)).toBe('pass')
})

test('parts of files, other methods and other hosts pass', () => {
  expect(manner(`/packages/${DIGEST}/lod0.glb`, { hasRange: true })).toBe('pass')
  expect(manner('/ja/dejima/', { method: 'POST' })).toBe('pass')
  expect(
    chooseManner({ method: 'GET', mode: 'cors', hasRange: false, url: `https://other.example/static/a.js` }, HOME)
  ).toBe('pass')
})

test('a page fetched by a script is left to the network', () => {
  expect(manner('/ja/dejima/', { mode: 'cors' })).toBe('pass')
})
