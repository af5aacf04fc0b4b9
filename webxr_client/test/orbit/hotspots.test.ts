import { expect, test } from 'vitest'
import { type HotspotPlace, keepApart } from '../../src/orbit/hotspots'

function at(...middles: [number, number][]): HotspotPlace[] {
  return middles.map(([x_px, y_px], i) => ({ id: String(i), x_px, y_px, hidden: false }))
}

function nearest(places: HotspotPlace[]): number {
  const gaps = places.flatMap((one, i) =>
    places.slice(i + 1).map((other) => Math.hypot(one.x_px - other.x_px, one.y_px - other.y_px))
  )
  return Math.min(...gaps)
}

test.each([
  ['on one another', at([100, 100], [100, 100])],
  ['beside one another', at([100, 100], [110, 100])],
  ['three in a heap', at([100, 100], [103, 104], [98, 101])],
  ['four in a row', at([100, 100], [120, 100], [140, 100], [160, 100])]
])('places that lie %s are moved until a finger finds each', (_, places) => {
  keepApart(places)
  expect(nearest(places)).toBeGreaterThan(44)
})

test('places that lie apart stay where they are, and a pair moves about its middle', () => {
  const apart = at([100, 100], [148, 100], [100, 160])
  keepApart(apart)
  expect(apart).toEqual(at([100, 100], [148, 100], [100, 160]))
  const pair = at([100, 100], [100, 120])
  keepApart(pair)
  expect(pair.map(({ x_px, y_px }) => [x_px, y_px])).toEqual([
    [100, 86],
    [100, 134]
  ])
})
