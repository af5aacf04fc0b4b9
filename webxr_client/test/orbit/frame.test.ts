import { expect, test } from 'vitest'
import { cornersOf, directionOf, extentOf, fitDistance, rotate } from '../../src/orbit/frame'
import type { Point3 } from '../../src/wire'

const BOX = { min: [-10, 0, -5] as Point3, max: [10, 8, 5] as Point3 }

/** Where a point is seen, as a share of half the view, by a camera that looks at the middle. */
function seen(
  point: Point3,
  middle: Point3,
  direction: Point3,
  away_m: number,
  lens: { fov_deg: number; aspect: number }
) {
  const flat = Math.hypot(direction[0], direction[2])
  const right = [direction[2] / flat, 0, -direction[0] / flat]
  const up = [(-direction[0] * direction[1]) / flat, flat, (-direction[2] * direction[1]) / flat]
  const from = [point[0] - middle[0], point[1] - middle[1], point[2] - middle[2]]
  const along = (axis: readonly number[]): number => from.reduce((sum, part, i) => sum + part * (axis[i] ?? 0), 0)
  const depth_m = away_m - along(direction)
  const tall = Math.tan((lens.fov_deg * Math.PI) / 360)
  return [along(right) / depth_m / tall / lens.aspect, along(up) / depth_m / tall]
}

test.each([
  [0.46, 208, 14],
  [0.46, 0, 14],
  [1.9, 90, 30],
  [1, 30, 2]
])('at aspect %d, from %d degrees, everything is in view and fills it', (aspect, around_deg, above_deg) => {
  const lens = { fov_deg: 40, aspect }
  const extent = extentOf(cornersOf(BOX))
  const direction = directionOf(around_deg, above_deg)
  const away_m = fitDistance(extent, direction, lens)
  const places = extent.corners.flatMap((corner) => seen(corner, extent.middle, direction, away_m, lens))
  const widest = Math.max(...places.map(Math.abs))
  expect(widest).toBeLessThanOrEqual(1)
  expect(widest).toBeGreaterThan(0.8)
})

test('directions run clockwise from -z', () => {
  expect(directionOf(90, 0)[0]).toBeCloseTo(1, 9)
  expect(directionOf(180, 0)[2]).toBeCloseTo(1, 9)
  expect(directionOf(0, 90)[1]).toBeCloseTo(1, 9)
})

test('a quarter turn about the upright takes -z to -x', () => {
  const turned = rotate([0, 0, -1], [0, Math.SQRT1_2, 0, Math.SQRT1_2])
  expect(turned[0]).toBeCloseTo(-1, 9)
  expect(turned[2]).toBeCloseTo(0, 9)
})

test('the extent knows its middle and its lowest point', () => {
  const extent = extentOf(cornersOf(BOX))
  expect(extent.middle).toEqual([0, 4, 0])
  expect(extent.floor_m).toBe(0)
})
