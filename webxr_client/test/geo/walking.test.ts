import { expect, test } from 'vitest'
import { type Gait, stand, stepGait } from '../../src/geo/walking'

/** Frames at 30 Hz along a way given in metres at a second. */
function walk(gait: Gait, seconds: number, speed_m_s: number, sway_m = 0): Gait {
  let now = gait
  const from_m = gait.east_m
  const from_ms = gait.at_ms
  for (let frame = 1; frame <= seconds * 30; frame++) {
    const at_s = frame / 30
    const sway = sway_m * Math.sin(2 * Math.PI * 1.5 * at_s)
    now = stepGait(now, from_m + speed_m_s * at_s + sway, 0, from_ms + at_s * 1000)
  }
  return now
}

test('who stands with a swaying hand does not walk', () => {
  expect(walk(stand(0, 0, 0), 5, 0, 0.03).walking).toBe(false)
})

test('a stroll counts within two seconds, and stopping within two more', () => {
  const strolling = walk(stand(0, 0, 0), 2, 1.1)
  expect(strolling.walking).toBe(true)
  expect(walk(strolling, 2, 0).walking).toBe(false)
})

test('shuffling round a model keeps what it was, so that the picture does not flicker', () => {
  expect(walk(stand(0, 0, 0), 4, 0.4).walking).toBe(false)
  expect(walk(walk(stand(0, 0, 0), 3, 1.2), 4, 0.4).walking).toBe(true)
})

test('a leap after tracking was away is no walk', () => {
  expect(stepGait(stand(0, 0, 0), 30, 0, 5000).walking).toBe(false)
})

test('tracking that finds itself elsewhere from one frame to the next is no walk', () => {
  expect(stepGait(stand(0, 0, 0), 4, 2, 16).walking).toBe(false)
  expect(walk(stepGait(stand(0, 0, 0), 4, 2, 16), 2, 1.1).walking).toBe(true)
})
