import { expect, test } from 'vitest'
import { rotate } from '../../src/orbit/frame'
import { aheadDeg, angleBetweenDeg, pointerDeg, turnOf, turnOfView, turnTowards } from '../../src/window/attitude'

const angles = (alpha_deg: number, beta_deg: number, gamma_deg: number) => ({ alpha_deg, beta_deg, gamma_deg })
/** Held upright before the eyes, in portrait, looking to a compass direction. */
const upright = (heading_deg: number) => turnOf(angles(360 - heading_deg, 90, 0))

/** Directions of the sensor's frame that anybody can check with a phone in the hand. */
test.each([0, 45, 90, 180, 270])('upright, the camera looks where the compass points: %d degrees', (heading_deg) => {
  expect(aheadDeg(upright(heading_deg))).toBeCloseTo(heading_deg, 6)
})

test('lying on a table the camera looks down and the top of the picture points ahead', () => {
  const lying = turnOf(angles(0, 0, 0))
  expect(rotate([0, 0, -1], lying)).toEqual([expect.closeTo(0, 6), expect.closeTo(-1, 6), expect.closeTo(0, 6)])
  expect(rotate([0, 1, 0], lying)).toEqual([expect.closeTo(0, 6), expect.closeTo(0, 6), expect.closeTo(-1, 6)])
})

test.each([
  // turned a quarter to the left, the phone's right side is up: that is what is upper on the glass now
  ['left', 90, angles(0, 0, -90)],
  ['right', 270, angles(0, 0, 90)]
])('in landscape (turned to the %s) the picture stays upright', (_, screen_deg, held) => {
  const phone = turnOf(held)
  const up = rotate([0, 1, 0], turnOfView(phone, screen_deg))
  expect(up[1]).toBeCloseTo(1, 6)
  // turning the picture does not change where the camera looks
  expect(aheadDeg(turnOfView(phone, screen_deg))).toBeCloseTo(aheadDeg(phone), 6)
})

test.each([5, 30, 60, 90])(
  "a compass heading is that of the phone's top, and of the camera once it is upright: %d",
  (beta_deg) => {
    expect(pointerDeg(turnOf(angles(310, beta_deg, 0)))).toBeCloseTo(50, 6)
  }
)

test('tilted back beyond the upright, the heading still is where the camera looks', () => {
  expect(pointerDeg(turnOf(angles(310, 110, 0)))).toBeCloseTo(50, 6)
})

test('in landscape the top of the phone points aside: the heading is a quarter off where the camera looks', () => {
  const held = turnOf(angles(0, 0, -90))
  const aside_deg = (pointerDeg(held) - aheadDeg(held) + 360) % 360
  expect(Math.min(Math.abs(aside_deg - 90), Math.abs(aside_deg - 270))).toBeLessThan(1e-6)
})

test('half way between two turns lies half the angle, the short way round', () => {
  const [from, to] = [upright(350), upright(10)]
  expect(angleBetweenDeg(from, to)).toBeCloseTo(20, 4)
  expect(aheadDeg(turnTowards(from, to, 0.5))).toBeCloseTo(0, 4)
})
