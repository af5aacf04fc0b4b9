import { expect, test } from 'vitest'
import { fractionOf, sayStage } from '../../src/scan-progress'

const words = {
  states: {},
  explain: { waiting: 'It waits.', building: 'It is being built.' },
  stages: { collapse: 'Reducing triangles', level: 'Giving each level its colours' },
  ahead: { none: 'It is next.', one: 'One comes before it.', many: '{count} come before it.' },
  left: { seconds: '{count} s left', minutes: '{count} min left' }
}
const scan = {
  state: 'building',
  stage: 'collapse',
  progress: 0.256,
  received_bytes: 50,
  length_bytes: 200,
  ahead: null as number | null
}

test('how far a scan is comes from bytes while it arrives and from the pipeline while it is built', () => {
  expect(fractionOf({ ...scan, state: 'receiving' })).toBe(0.25)
  expect(fractionOf(scan)).toBe(0.256)
  expect(fractionOf({ ...scan, state: 'waiting' })).toBe(0)
})

test('a stage is said with its percentage, its number left out, and one we do not know by its state', () => {
  expect(sayStage(scan, words)).toBe('Reducing triangles · 26 %')
  expect(sayStage({ ...scan, stage: 'level 2' }, words)).toBe('Giving each level its colours · 26 %')
  expect(sayStage({ ...scan, stage: 'brand new' }, words)).toBe('It is being built.')
  expect(sayStage({ ...scan, state: 'waiting' }, words)).toBe('It waits.')
})

test.each([
  [0, 'It waits. It is next.'],
  [1, 'It waits. One comes before it.'],
  [12, 'It waits. 12 come before it.']
])('a scan that waits says its place: %i before it', (ahead, sentence) => {
  expect(sayStage({ ...scan, state: 'waiting', ahead }, words)).toBe(sentence)
})
