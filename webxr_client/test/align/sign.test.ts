import { describe, expect, test, vi } from 'vitest'
import { type Quad, type Shot, type SignSight, seeSign } from '../../src/align/sign'
import { makeNormal, photograph, type Truth, WIDTH } from './photograph'

vi.setConfig({ testTimeout: 60_000 }) // hundreds of pictures, on a machine that may be busy

function seen(sight: SignSight) {
  if (!sight.ok) throw new Error(`refused: ${sight.why}`)
  return sight.seen
}

function offDeg(a: number, b: number): number {
  return Math.abs(((a - b + 540) % 360) - 180)
}

const FRONT: Truth = { heading_deg: 0, up_deg: -5, middle: [0.05, -0.05, -0.7], facing_deg: 175 }

describe('without noise the pose is exact', () => {
  const cases: [string, Truth][] = [
    ['from the front', FRONT],
    ['a phone in the hand, turned and tilted', { ...FRONT, heading_deg: 8, up_deg: 12, roll_deg: -17 }],
    ['another north', { heading_deg: 130, up_deg: 3, middle: [0.6, 0.1, 0.5], facing_deg: 290 }],
    ['50 degrees from the side', { ...FRONT, facing_deg: 230 }],
    ['above the head', { heading_deg: 0, up_deg: 40, middle: [0, 0.6, -0.7], facing_deg: 160 }]
  ]
  test.each(cases)('%s', (_, truth) => {
    const { middle, facing_deg } = seen(seeSign(photograph(truth)))
    expect(Math.hypot(...middle.map((value, i) => value - (truth.middle[i] ?? 0)))).toBeLessThan(2e-3)
    expect(offDeg(facing_deg, truth.facing_deg)).toBeLessThan(0.2)
  })
})

describe('with noise in the corners', () => {
  /** Root mean squares over many pictures: what is off, and off in deviations as stated. */
  function tryOut(truth: Truth, noise_px: number) {
    const normal = makeNormal(7)
    const sights = Array.from({ length: 200 }, () => seeSign(photograph(truth, noise_px, normal)))
    const taken = sights.flatMap((sight) => (sight.ok ? [sight.seen] : []))
    const rms = (values: number[]): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)
    return {
      taken: taken.length,
      off_deg: rms(taken.map((one) => offDeg(one.facing_deg, truth.facing_deg))),
      ratio: rms(taken.map((one) => offDeg(one.facing_deg, truth.facing_deg) / one.accuracy_deg)),
      off_m: rms(taken.map((one) => Math.hypot(one.middle[0] - truth.middle[0], one.middle[2] - truth.middle[2])))
    }
  }

  test.each([0.5, 1])('of %d px a sign at 70 cm is seen to two degrees and centimetres, and says so', (noise_px) => {
    const { taken, off_deg, off_m, ratio } = tryOut({ ...FRONT, facing_deg: 150 }, noise_px)
    expect(taken).toBeGreaterThan(190)
    expect(off_deg).toBeLessThan(2 * noise_px)
    expect(off_m).toBeLessThan(0.03)
    expect(ratio).toBeGreaterThan(0.6)
    expect(ratio).toBeLessThan(1.4)
  })

  test('farther away it is vaguer or refused, never wrong by more than it says', () => {
    for (const away_m of [1, 1.5, 2, 3, 5]) {
      const { taken, ratio } = tryOut({ ...FRONT, middle: [0, 0, -away_m], facing_deg: 150 }, 1)
      if (taken > 0) expect(ratio, `at ${away_m} m`).toBeLessThan(1.7)
      if (away_m >= 3) expect(taken, `at ${away_m} m`).toBeLessThan(60)
      if (away_m >= 5) expect(taken, `at ${away_m} m`).toBe(0)
    }
  })
})

describe('the mirror image about the line of sight', () => {
  test('is told apart by gravity where the phone looks up at the sign', () => {
    const truth: Truth = { heading_deg: 0, up_deg: 35, middle: [0, 0.85, -1.2], facing_deg: 145 }
    const normal = makeNormal(3)
    for (let i = 0; i < 50; i++) {
      const sight = seeSign(photograph(truth, 0.5, normal))
      if (sight.ok) expect(offDeg(sight.seen.facing_deg, truth.facing_deg)).toBeLessThan(12)
    }
    expect(seeSign(photograph(truth)).ok).toBe(true)
  })

  test('is never taken for the true one: where both fit, the picture is refused', () => {
    const normal = makeNormal(5)
    let [taken, refused] = [0, 0]
    for (let i = 0; i < 200; i++) {
      const truth: Truth = { heading_deg: 0, up_deg: 0, middle: [0, 0, -1 - i / 80], facing_deg: 155 }
      const sight = seeSign(photograph(truth, 1, normal))
      if (sight.ok) {
        taken += 1
        expect(offDeg(sight.seen.facing_deg, 155), `at ${-truth.middle[2]} m`).toBeLessThan(25)
      } else refused += 1
    }
    expect(taken).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(50)
  })
})

describe('refused is', () => {
  const why = (shot: Shot): string => {
    const sight = seeSign(shot)
    return sight.ok ? 'taken' : sight.why
  }
  test.each([
    ['a sign that leans back by 15 degrees', { ...FRONT, lean_deg: 15 }, 'askew'],
    ['one that lies on the ground', { ...FRONT, up_deg: -80, middle: [0, -0.7, -0.1], lean_deg: 85 }, 'askew'],
    ['one seen from 75 degrees aside', { ...FRONT, middle: [0, 0, -0.4], facing_deg: 105 }, 'oblique'],
    ['a small one far away', { ...FRONT, middle: [0, 0, -5] }, 'far']
  ] as [string, Truth, string][])('%s', (_, truth, wanted) => {
    expect(why(photograph(truth))).toBe(wanted)
  })

  test('a code in a mirror', () => {
    const shot = photograph(FRONT)
    const [a, b, c, d] = shot.corners.map(({ x, y }) => ({ x: WIDTH - x, y })) as unknown as Quad
    expect(why({ ...shot, corners: [a, b, c, d] })).toBe('askew')
  })

  test.each([0, -0.2, Number.NaN, 0.01, 12])('a side of %d m, which is none or stands nowhere', (side_m) => {
    expect(why({ ...photograph(FRONT), side_m })).toBe('size')
  })

  test('four corners of no square', () => {
    const shot = photograph(FRONT)
    const [a, b, c, d] = shot.corners
    expect(why({ ...shot, corners: [a, b, { x: c.x + 25, y: c.y - 20 }, d] })).toBe('askew')
  })
})

test('another lens than assumed moves the sign nearer or farther, within what is said', () => {
  const truth: Truth = { ...FRONT, facing_deg: 150 }
  for (const long_deg of [58, 66]) {
    const { middle, facing_deg, accuracy_m, accuracy_deg } = seen(
      seeSign(photograph(truth, 0.3, makeNormal(2), long_deg))
    )
    expect(Math.hypot(middle[0] - truth.middle[0], middle[2] - truth.middle[2])).toBeLessThan(3 * accuracy_m)
    expect(offDeg(facing_deg, truth.facing_deg)).toBeLessThan(3 * accuracy_deg)
  }
})
