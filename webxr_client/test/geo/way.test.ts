import { describe, expect, test } from 'vitest'
import { findHazard, findWay, sideOf, windOf } from '../../src/geo/way'
import type { Path } from '../../src/wire'

function path(from: string, to: string, length_m: number, values: Partial<Path> = {}): Path {
  const points: Path['points'] = [
    [32.743 + from.charCodeAt(0) / 1e5, 129.87],
    [32.743 + to.charCodeAt(0) / 1e5, 129.87]
  ]
  return { id: `${from}-${to}`, from, to, points, length_m, steps: 0, slope_percent: 0, note: null, ...values }
}

describe('the way', () => {
  const paths = [path('a', 'b', 40), path('c', 'b', 30, { steps: 4, slope_percent: 6 }), path('a', 'c', 200)]

  test('is the shortest over several paths, also against their direction', () => {
    const way = findWay(paths, 'a', 'c')
    expect(way).toMatchObject({ landmarks: ['a', 'b', 'c'], length_m: 70, steps: 4, slope_percent: 6 })
    expect(way?.points.map(({ lat }) => Math.round(lat * 1e5))).toEqual([3274397, 3274398, 3274398, 3274399])
  })

  test('does not claim to have no steps where nobody has looked', () => {
    expect(findWay([...paths.slice(1, 2), path('a', 'b', 40, { steps: null })], 'a', 'c')?.steps).toBeNull()
  })

  test('is null where no path leads, and nothing to walk where one stands', () => {
    expect(findWay(paths, 'a', 'x')).toBeNull()
    expect(findWay(paths, 'a', 'a')?.length_m).toBe(0)
  })
})

test.each([
  [0, 0],
  [359, 0],
  [44, 1],
  [181, 4],
  [-45, 7]
])('%d degrees is wind %d', (bearing_deg, wind) => {
  expect(windOf(bearing_deg)).toBe(wind)
})

test.each([
  [10, 350, 'ahead'],
  [90, 0, 'right'],
  [0, 90, 'left'],
  [0, 170, 'behind']
])('%d degrees for who faces %d lies %s', (bearing_deg, heading_deg, side) => {
  expect(sideOf(bearing_deg, heading_deg)).toBe(side)
})

test('the nearest hazard is found beside the middle of a line, not only at its corners', () => {
  const line: [number, number][] = [
    [32.744, 129.871],
    [32.744, 129.875]
  ]
  const quay = { id: 'q', kind: 'quay' as const, lines: [line], name: '' }
  const found = findHazard([quay], { lat: 32.74409, lon: 129.8731 })
  expect(found?.hazard.id).toBe('q')
  expect(found?.away_m).toBeCloseTo(10, 0)
  expect(findHazard([], { lat: 0, lon: 0 })).toBeNull()
})
