import { expect, test } from 'vitest'
import type { Point3 } from '../../src/wire'
import { comfortableDistance, isFloor, standBefore } from '../../src/xr/placing'

const HOUSE = { min: [-10, -0.2, -4] as Point3, max: [14, 8, 6] as Point3 }
const EYE: Point3 = [1, 0, 2]

/** Where a point of the placed model lies. */
function locate([x, y, z]: Point3, stand: ReturnType<typeof standBefore>): Point3 {
  const [c, s] = [Math.cos(stand.yaw_rad), Math.sin(stand.yaw_rad)]
  const [px, py, pz] = stand.position
  return [px + c * x + s * z, py + y, pz - s * x + c * z]
}

test.each<[string, Point3]>([
  ['ahead', [1, -1.5, -20]],
  ['to the right', [21, -1.5, 2]],
  ['behind', [1, -1.5, 22]],
  ['aslant', [-12, -1.5, -11]]
])('the middle of its face stands at the picked point %s, turned to the viewer', (_, picked) => {
  const stand = standBefore(EYE, picked, HOUSE)
  const face = locate([2, -0.2, 6], stand)
  for (const axis of [0, 1, 2] as const) expect(face[axis]).toBeCloseTo(picked[axis], 9)
  const behind = locate([2, -0.2, -4], stand)
  const nearer = Math.hypot(face[0] - EYE[0], face[2] - EYE[2]) < Math.hypot(behind[0] - EYE[0], behind[2] - EYE[2])
  expect(nearer).toBe(true)
})

test('a large thing never stands nearer than one can look at it', () => {
  const stand = standBefore(EYE, [1, -1.5, 1], HOUSE)
  expect(stand.distance_m).toBe(comfortableDistance(HOUSE))
  expect(stand.distance_m).toBeGreaterThan(4)
})

test('a small thing may stand a step away, and nothing is put beyond the reach of the eye', () => {
  expect(comfortableDistance({ min: [0, 0, 0], max: [0.2, 0.3, 0.2] })).toBe(1)
  expect(comfortableDistance({ min: [0, 0, 0], max: [200, 60, 200] })).toBe(8)
})

test('a point straight below still gives a direction', () => {
  const stand = standBefore(EYE, [1, -1.5, 2], HOUSE)
  expect(stand.position.every(Number.isFinite)).toBe(true)
})

test('a floor is level and well below the eyes', () => {
  const level = { x: 0, z: 0 }
  expect(isFloor(level, -1.5, 0)).toBe(true)
  expect(isFloor(level, -0.3, 0)).toBe(false) // a table under the phone
  expect(isFloor({ x: Math.SQRT1_2, z: 0 }, -1.5, 0)).toBe(false) // a wall
  expect(isFloor({ x: 1, z: 0 }, -1.5, 0)).toBe(false) // upside down
})
