import { expect, test } from 'vitest'
import { sayDistance } from '../../src/ui/distance'
import { wordsIn } from './builders'

test.each([
  [3, 'right here'],
  [12, 'about 10 m, 1 min on foot'],
  [47, 'about 45 m, 1 min on foot'],
  [99, 'about 100 m, 1 min on foot'],
  [243, 'about 240 m, 3 min on foot'],
  [1494, 'about 1490 m, 19 min on foot'],
  [1496, 'about 1.5 km'],
  [9_400_000, 'about 9400 km']
])('%d m is said as %s', (away_m, said) => {
  expect(sayDistance(away_m, wordsIn('en'))).toBe(said)
})

test('in Japanese metres and minutes are words', () => {
  expect(sayDistance(160, wordsIn('ja'))).toBe('約160メートル・徒歩2分')
})
