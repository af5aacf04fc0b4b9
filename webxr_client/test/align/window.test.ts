import { describe, expect, it } from 'vitest'
import { isStriding, type Stride, standStill, stride } from '../../src/align/window'

/** Acceleration of somebody who takes so many steps a second, or stands, read 50 times a second. */
function feel(from: Stride, seconds: number, steps_hz: number, heading_deg: number): Stride {
  let felt = from
  for (let i = 0; i < seconds * 50; i++) {
    const at_ms = from.at_ms + 20 * (i + 1)
    const bounce = steps_hz === 0 ? 0.2 * Math.sin(i * 2.1) : 1.6 * Math.sin((2 * Math.PI * steps_hz * i) / 50)
    felt = stride(felt, 9.81 + bounce, heading_deg, at_ms)
  }
  return felt
}

describe('the stride', () => {
  it('leads as far as its steps, in the direction the phone looks', () => {
    const walked = feel(standStill(0), 20, 1.6, 90)
    expect(isStriding(walked)).toBe(true)
    expect(walked.local.east_m).toBeGreaterThan(32 * 0.68 * 0.9)
    expect(walked.local.east_m).toBeLessThan(32 * 0.68 * 1.1)
    expect(walked.local.north_m).toBeCloseTo(0, 6)
  })

  it('does not count a hand that trembles, nor a single knock', () => {
    const held = feel(standStill(0), 20, 0, 90)
    expect(held.local.east_m).toBe(0)
    const knocked = feel(stride(stride(held, 16, 0, 20_020), 4, 0, 20_060), 2, 0, 0)
    expect(Math.hypot(knocked.local.east_m, knocked.local.north_m)).toBe(0)
    expect(isStriding(knocked)).toBe(false)
  })

  it('ends soon after the last step', () => {
    const stopped = feel(feel(standStill(0), 10, 1.6, 0), 2, 0, 0)
    expect(isStriding(stopped)).toBe(false)
    expect(feel(stopped, 10, 0, 0).local.north_m).toBe(stopped.local.north_m)
  })
})
