import { expect, test } from 'vitest'
import { sunAt, towards } from '../../src/geo/sun'

const DEJIMA = { lat: 32.7435, lon: 129.873 }

// by the Python library astral, without refraction
test.each([
  ['2026-06-21T03:20:00Z', 80.681, 176.806],
  ['2026-12-22T01:00:00Z', 24.785, 144.866],
  ['2026-11-29T08:00:00Z', 1.894, 242.797],
  ['2026-03-20T21:40:00Z', 2.623, 91.55],
  ['2026-08-15T14:00:00Z', -39.103, 333.045]
])('at %s it stands %d degrees high towards %d', (at, elevation_deg, azimuth_deg) => {
  const sun = sunAt(DEJIMA, Date.parse(at))
  expect(Math.abs(sun.elevation_deg - elevation_deg)).toBeLessThan(0.05)
  expect(Math.abs(sun.azimuth_deg - azimuth_deg)).toBeLessThan(0.1) // high up, a little of the sky is a large azimuth
})

test('in the south it shines along +z, and from above', () => {
  const [x, y, z] = towards({ elevation_deg: 30, azimuth_deg: 180 })
  expect([x, y, z].map((part) => Math.round(part * 1000) / 1000)).toEqual([0, 0.5, 0.866])
})
