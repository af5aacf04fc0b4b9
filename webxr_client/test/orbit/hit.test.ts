import { Vector3 } from 'three'
import { expect, test } from 'vitest'
import { type Beam, heightOnAxis, nearestHit, onLevel, pointAlong } from '../../src/orbit/hit'

/** Two upright squares of 2 m facing z, at z = 0 and behind it at z = -3. */
const WALLS = new Float32Array([0, -3].flatMap((z) => [-1, 0, z, 1, 0, z, 1, 2, z, -1, 0, z, 1, 2, z, -1, 2, z]))
const beam = (from: [number, number, number], to: [number, number, number]): Beam => ({
  from: new Vector3(...from),
  along: new Vector3(...to).sub(new Vector3(...from)).normalize()
})

test('of two walls the nearer one is met, from either side', () => {
  expect(nearestHit(WALLS, beam([0, 1, 5], [0, 1, 0]))).toBeCloseTo(5)
  expect(nearestHit(WALLS, beam([0, 1, -5], [0, 1, 0]))).toBeCloseTo(2)
  expect(nearestHit(WALLS, beam([0, 1, -1], [0, 1, 0]))).toBeCloseTo(1)
})

test.each([
  [
    [0, 3, 5],
    [0, 3, 0]
  ],
  [
    [0, 1, 5],
    [0, 1, 10]
  ],
  [
    [5, 1, 0],
    [4, 1, 0]
  ]
] as [[number, number, number], [number, number, number]][])('a beam from %j to %j meets none', (from, to) => {
  expect(nearestHit(WALLS, beam(from, to))).toBeNull()
})

test('a point along a beam lies on what was met', () => {
  const slanted = beam([4, 1, 5], [0.5, 1.5, 0])
  const away = nearestHit(WALLS, slanted)
  expect(away).not.toBeNull()
  const at = pointAlong(slanted, away ?? 0)
  expect([at.x, at.y, at.z]).toEqual([expect.closeTo(0.5), expect.closeTo(1.5), expect.closeTo(0)])
})

test('the ground is met in front and never behind the eye', () => {
  expect(onLevel(beam([0, 2, 0], [3, 0, 0]), 0)?.x).toBeCloseTo(3)
  expect(onLevel(beam([0, 2, 0], [3, 1, 0]), 0)?.x).toBeCloseTo(6)
  expect(onLevel(beam([0, 2, 0], [3, 4, 0]), 0)).toBeNull()
  expect(onLevel(beam([0, 2, 0], [3, 2, 0]), 0)).toBeNull()
})

test('a height is read off an upright axis where the beam passes nearest to it', () => {
  expect(heightOnAxis(beam([0, 1, 10], [0, 6, 0]), 0, 0)).toBeCloseTo(6)
  expect(heightOnAxis(beam([5, 1, 10], [0, 3, 0]), 0, 0)).toBeCloseTo(3)
})
