import { expect, test } from 'vitest'
import { atPlan, facing, firstView, type Pose, step, toPlan, turnTo } from '../../src/plan'

const SCALE = { lat: 32.7437, lon: 129.8723, x_per_deg: 93_500, y_per_deg: 111_195 }
const POSE: Pose = { lat: 32.744, lon: 129.8725, h: 34.5, heading_deg: 359.5 }

test('a place on the plan and back is the same place', () => {
  const [x, y] = toPlan(POSE, SCALE)
  expect(x).toBeCloseTo(18.7, 3)
  expect(y).toBeCloseTo(-33.3585, 3) // north is up
  const back = atPlan(POSE, x, y, SCALE)
  expect([back.lat, back.lon]).toEqual([expect.closeTo(POSE.lat, 9), expect.closeTo(POSE.lon, 9)])
})

test.each([
  ['west', -0.5, 0],
  ['east', 0.5, 0],
  ['north', 0, -0.5],
  ['south', 0, 0.5]
] as const)('a step to the %s is half a metre there', (act, east, south) => {
  const [x, y] = toPlan(POSE, SCALE)
  const moved = toPlan(step(POSE, act, SCALE), SCALE)
  expect(moved).toEqual([expect.closeTo(x + east, 6), expect.closeTo(y + south, 6)])
})

test('a turn is one degree, past north as well, and leaves the place', () => {
  const right = step(POSE, 'right', SCALE)
  expect(right).toEqual({ ...POSE, heading_deg: 0.5 })
  expect(step(right, 'left', SCALE).heading_deg).toBe(359.5)
})

test('a step up or down is five centimetres, and leaves no crumbs of floating point', () => {
  const up = step(step({ ...POSE, h: 0.1 }, 'raise', SCALE), 'raise', SCALE)
  expect(up).toEqual({ ...POSE, h: 0.2 })
  expect(step(up, 'lower', SCALE).h).toBe(0.15)
})

test.each([
  [0, -10, 0],
  [10, 0, 90],
  [0, 10, 180],
  [-10, -10, 315]
])('the face turned towards a point %i m east and %i m south looks at %i degrees', (east, south, heading_deg) => {
  const [x, y] = toPlan(POSE, SCALE)
  expect(facing(POSE, x + east, y + south, SCALE).heading_deg).toBe(heading_deg)
})

test.each([
  [-0.04, 0],
  [359.96, 0],
  [725, 5]
])('%d degrees are %d', (deg, told) => {
  expect(turnTo(deg)).toBe(told)
})

test('the first view has room round the model, and never less than the ground round a lantern', () => {
  expect(firstView({ min_x: -10, max_x: 12, min_z: -2, max_z: 3 })).toBe(88)
  expect(firstView({ min_x: 0, max_x: 1, min_z: 0, max_z: 1 })).toBe(40)
})
