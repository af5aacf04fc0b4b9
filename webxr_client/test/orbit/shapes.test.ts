import { expect, test } from 'vitest'
import { barOf, circleOf, edgesOf, PERSON, ribbonOf, roofOf, turnedOf, wallsOf } from '../../src/orbit/shapes'
import type { Flat } from '../../src/surroundings'

const SQUARE: Flat[] = [
  [0, 0],
  [4, 0],
  [4, 2],
  [0, 2]
]

/** The area of loose triangles. */
function areaOf(triangles: readonly number[]): number {
  let area = 0
  for (let i = 0; i < triangles.length; i += 9) {
    const [ax = 0, ay = 0, az = 0, bx = 0, by = 0, bz = 0, cx = 0, cy = 0, cz = 0] = triangles.slice(i, i + 9)
    const [u, v] = [
      [bx - ax, by - ay, bz - az],
      [cx - ax, cy - ay, cz - az]
    ] as [number[], number[]]
    const [ux = 0, uy = 0, uz = 0] = u
    const [vx = 0, vy = 0, vz = 0] = v
    area += Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx) / 2
  }
  return area
}

const heights = (triangles: readonly number[]): number[] => triangles.filter((_, i) => i % 3 === 1)

test('walls and roof of a block have its outline and its heights', () => {
  const walls = wallsOf(SQUARE, 1, 4)
  expect(areaOf(walls)).toBeCloseTo(12 * 3)
  expect([Math.min(...heights(walls)), Math.max(...heights(walls))]).toEqual([1, 4])
  const roof = roofOf(SQUARE, 4)
  expect(areaOf(roof)).toBeCloseTo(8)
  expect(new Set(heights(roof))).toEqual(new Set([4]))
})

test('a line on the ground goes all round, an open one does not lead back, dashes leave half of it out', () => {
  expect(areaOf(ribbonOf(SQUARE, 0.5, 0))).toBeCloseTo(12 * 0.5)
  expect(areaOf(ribbonOf(SQUARE, 0.5, 0, 0, true))).toBeCloseTo(10 * 0.5)
  expect(areaOf(ribbonOf(SQUARE, 0.5, 0, 1))).toBeCloseTo(6 * 0.5)
  expect(ribbonOf([SQUARE[0] as Flat, SQUARE[0] as Flat], 0.5, 0)).toEqual([])
})

test('a circle is round and begins in the north', () => {
  const circle = circleOf(3)
  expect(circle[0]).toEqual([0, -3])
  expect(circle.every(([x, z]) => Math.abs(Math.hypot(x, z) - 3) < 1e-9)).toBe(true)
})

test('the person stands on the ground and is 1.7 m tall', () => {
  const person = turnedOf(PERSON)
  expect([Math.min(...heights(person)), Math.max(...heights(person))]).toEqual([0, 1.7])
})

test('bars reach from end to end whichever way they lead, and a box has twelve edges', () => {
  for (const to of [
    [0, 5, 0],
    [3, 0, 4],
    [-3, 0, -4]
  ] as [number, number, number][]) {
    expect(areaOf(barOf([0, 0, 0], to, 0.2))).toBeCloseTo(2 * 5 * 0.2)
  }
  expect(areaOf(edgesOf([0, 0, 0], [1, 2, 3], 0.1))).toBeCloseTo(4 * (1 + 2 + 3) * 2 * 0.1)
})
