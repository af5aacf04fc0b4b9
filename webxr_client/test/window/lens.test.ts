// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest'
import { ASSUMED_DEG, openingDeg, pinch, readLens, writeLens } from '../../src/window/lens'

beforeEach(() => localStorage.clear())

test('a picture shown whole is as wide as the camera sees, along its longer side', () => {
  expect(openingDeg(62, { width: 720, height: 1280 }, { width: 360, height: 640 })).toBeCloseTo(62, 6)
  const across = openingDeg(62, { width: 1280, height: 720 }, { width: 640, height: 360 })
  expect(across).toBeCloseTo((2 * Math.atan((9 / 16) * Math.tan((31 * Math.PI) / 180)) * 180) / Math.PI, 6)
})

test('a view taller than the picture cuts its sides and keeps its height', () => {
  expect(openingDeg(62, { width: 720, height: 1280 }, { width: 390, height: 844 })).toBeCloseTo(62, 6)
})

test('a view wider than the picture cuts its height', () => {
  const seen = openingDeg(62, { width: 720, height: 1280 }, { width: 800, height: 600 })
  expect(seen).toBeLessThan(62)
  expect(seen).toBeGreaterThan(20)
})

test('spreading the fingers makes the model larger: the lens narrower, within what cameras are', () => {
  expect(pinch(62, 1.2)).toBeLessThan(62)
  expect(pinch(62, 0.8)).toBeGreaterThan(62)
  expect(pinch(pinch(62, 1.3), 1 / 1.3)).toBeCloseTo(62, 6)
  expect(pinch(62, 50)).toBe(35)
  expect(pinch(62, 0.01)).toBe(100)
})

test('the correction of a phone is kept; what is kept and makes no sense is not used', () => {
  expect(readLens(localStorage)).toBe(ASSUMED_DEG)
  writeLens(localStorage, 55.25)
  expect(readLens(localStorage)).toBe(55.3)
  localStorage.setItem('lens_deg', 'nonsense')
  expect(readLens(localStorage)).toBe(ASSUMED_DEG)
  localStorage.setItem('lens_deg', '4')
  expect(readLens(localStorage)).toBe(ASSUMED_DEG)
})
