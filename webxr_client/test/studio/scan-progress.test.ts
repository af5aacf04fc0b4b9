import { expect, test } from 'vitest'
import { fractionOf, sayStage } from '../../src/scan-progress'

const words = {
  states: {},
  explain: { waiting: 'It waits.', building: 'It is being built.' },
  stages: { collapse: 'Reducing triangles', level: 'Giving each level its colours' }
}
const scan = { state: 'building', stage: 'collapse', progress: 0.256, received_bytes: 50, length_bytes: 200 }

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
