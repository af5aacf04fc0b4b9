import { expect, test } from 'vitest'
import { hasStirred } from '../../src/xr/stir'

const LYING = {
  position: [0, 0, 0] as [number, number, number],
  turn: [0, 0, 0, 1] as [number, number, number, number]
}

test('a phone that lies there trembles and does not stir', () => {
  expect(hasStirred(LYING, [0.01, 0.02, 0], [0, Math.sin(0.01), 0, Math.cos(0.01)])).toBe(false)
  expect(hasStirred(LYING, [0, 0, 0], [0, 0, 0, -1])).toBe(false) // the same turn, written the other way round
})

test('turning it round or carrying it away is somebody', () => {
  expect(hasStirred(LYING, [0, 0, 0], [0, Math.sin(0.2), 0, Math.cos(0.2)])).toBe(true)
  expect(hasStirred(LYING, [0.4, 0, 0], [0, 0, 0, 1])).toBe(true)
})
