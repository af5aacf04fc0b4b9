import { expect, test } from 'vitest'
import { extentOf } from '../../src/orbit/frame'
import { fieldOf, go, goTo, isAtEdge, look, startOf, type Walker } from '../../src/orbit/walker'
import type { Point3 } from '../../src/wire'

const HOUSE = extentOf([0, 1, 2, 3, 4, 5, 6, 7].map((i): Point3 => [i & 1 ? 10 : -10, i & 2 ? 9 : 1, i & 4 ? 5 : -5]))
const FIELD = fieldOf(HOUSE)
const LENS = { fov_deg: 60, aspect: 0.5 }
const NORTHWARD: Walker = { x_m: 0, z_m: 0, yaw_deg: 0, pitch_deg: 0 }

test.each([
  [0, 0, -2],
  [90, 2, 0],
  [180, 0, 2],
  [270, -2, 0]
])('forward is where one looks: %d degrees', (yaw_deg, x_m, z_m) => {
  const after = go({ ...NORTHWARD, yaw_deg }, 2, 0, FIELD)
  expect([after.x_m, after.z_m]).toEqual([expect.closeTo(x_m, 6), expect.closeTo(z_m, 6)])
})

test('to the right is at a right angle to that', () => {
  const after = go({ ...NORTHWARD, yaw_deg: 90 }, 0, 2, FIELD)
  expect([after.x_m, after.z_m]).toEqual([expect.closeTo(0, 6), expect.closeTo(2, 6)])
})

test.each([0, 45, 180, 270])('a walk begins before the face and looks at the middle: facing %d', (facing_deg) => {
  const start = startOf(HOUSE, facing_deg, LENS)
  const ahead = go(start, Math.hypot(start.x_m, start.z_m), 0, FIELD)
  expect([ahead.x_m, ahead.z_m]).toEqual([expect.closeTo(0, 6), expect.closeTo(0, 6)])
  expect(isAtEdge(start, FIELD)).toBe(false)
  expect(Math.hypot(start.x_m, start.z_m)).toBeGreaterThan(10)
})

test('nobody leaves the field: at its edge one slides along', () => {
  const far = goTo(NORTHWARD, 0, -1000, FIELD)
  expect(Math.hypot(far.x_m, far.z_m)).toBeCloseTo(FIELD.reach_m, 6)
  expect(isAtEdge(far, FIELD)).toBe(true)
  const along = go(far, 3, 3, FIELD)
  expect(Math.hypot(along.x_m, along.z_m)).toBeCloseTo(FIELD.reach_m, 6)
  expect(along.x_m).toBeGreaterThan(1)
})

test('a small thing still leaves room to walk round it', () => {
  const vase = extentOf([
    [0, 0, 0],
    [0.3, 0.4, 0.3]
  ])
  expect(fieldOf(vase).reach_m).toBeGreaterThanOrEqual(12)
})

test('the head turns all the way round, but never over backwards', () => {
  expect(look(NORTHWARD, -30, 0).yaw_deg).toBe(330)
  expect(look(look(NORTHWARD, 0, 50), 0, 50).pitch_deg).toBe(60)
  expect(look(NORTHWARD, 0, -500).pitch_deg).toBe(-60)
})
