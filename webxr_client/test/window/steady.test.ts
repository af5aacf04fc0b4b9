import { expect, test } from 'vitest'
import { angleBetweenDeg, type Turn, turnOf } from '../../src/window/attitude'
import { type Steady, steady } from '../../src/window/steady'

const FRAME_MS = 1000 / 60

/** A stream of numbers that look random and are the same every time. */
function noise(seed: number): () => number {
  let state = seed
  const next = (): number => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
  return () => next() + next() + next() + next() - 2 // about normal, sigma 0.58
}

/** What a browser tells of a phone: a little noise, rounded to a tenth of a degree for privacy. */
function readings(
  headingAt: (t_s: number) => number,
  seconds: number
): { at_ms: number; told: Turn; true_turn: Turn }[] {
  const shake = noise(7)
  const told = (degrees: number): number => Math.round((degrees + shake() * 0.05) * 10) / 10
  return Array.from({ length: Math.round(seconds * 60) }, (_, i) => {
    const at_ms = i * FRAME_MS
    const alpha_deg = headingAt(at_ms / 1000)
    return {
      at_ms,
      told: turnOf({ alpha_deg: told(alpha_deg), beta_deg: told(88), gamma_deg: told(0) }),
      true_turn: turnOf({ alpha_deg, beta_deg: 88, gamma_deg: 0 })
    }
  })
}

function calm(list: ReturnType<typeof readings>): Turn[] {
  let before: Steady | null = null
  return list.map(({ told, at_ms }) => {
    before = steady(before, told, at_ms)
    return before.turn
  })
}

/** The root mean square of how far the picture moves in 0.2 s, after a second to come to rest. */
function jitterDeg(turns: Turn[]): number {
  const moves = turns.slice(72).map((turn, i) => angleBetweenDeg(turn, turns[i + 60] as Turn))
  return Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0) / moves.length)
}

test('held still, the picture moves by less than 0.05 degrees in 0.2 s, and by half of what the sensor says', () => {
  const list = readings(() => 40.05, 20) // on the edge between two tenths, where rounding shakes most
  expect(jitterDeg(calm(list))).toBeLessThan(0.05)
  expect(jitterDeg(calm(list))).toBeLessThan(jitterDeg(list.map(({ told }) => told)) / 2)
})

test('turning at a right angle a second, the picture is less than a degree behind', () => {
  const list = readings((t_s) => 90 * t_s, 3)
  const turns = calm(list)
  const behind = list.slice(30).map(({ true_turn }, i) => angleBetweenDeg(true_turn, turns[i + 30] as Turn))
  expect(Math.max(...behind)).toBeLessThan(1)
})

test('after a pause the newest reading counts alone', () => {
  const first = steady(null, turnOf({ alpha_deg: 0, beta_deg: 90, gamma_deg: 0 }), 0)
  const there = turnOf({ alpha_deg: 80, beta_deg: 90, gamma_deg: 0 })
  expect(angleBetweenDeg(steady(first, there, 4000).turn, there)).toBeCloseTo(0, 4)
})
