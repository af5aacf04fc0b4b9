import { expect, test } from 'vitest'
import { bringsBy } from '../src/align/trace'
import { tellStood } from '../src/stood'
import type { Happening } from '../src/wire'

test('each ground is told once until it changes, and placing again after the model was taken up', () => {
  const told: Happening[] = []
  const stood = tellStood((happening) => told.push(happening))
  stood.found('floor', null)
  stood.placed('floor')
  stood.found('floor', null) // lost for a moment
  stood.placed('floor')
  stood.found('points', 2.4)
  stood.placed('points')
  stood.gone()
  stood.placed('points')
  expect(told).toEqual([
    { type: 'aligned', by: 'floor', accuracy: 'poor' },
    { type: 'scene_placed', by: 'floor' },
    { type: 'aligned', by: 'points', accuracy: 'good' },
    { type: 'scene_placed', by: 'points' },
    { type: 'scene_placed', by: 'points' }
  ])
})

test('what the visitor does says by what the model stands; what the phone hears all the time says nothing', () => {
  const local = { east_m: 0, north_m: 0, at_ms: 0 }
  expect(bringsBy({ kind: 'turn', clockwise_deg: 1 })).toBe('hand')
  expect(bringsBy({ kind: 'nudge', east_m: 1, north_m: 0 })).toBe('hand')
  expect(bringsBy({ kind: 'reset' })).toBe('floor')
  expect(bringsBy({ kind: 'local', local })).toBeNull()
  const point = { lat: 32.7, lon: 129.8, accuracy_m: 1 }
  expect(bringsBy({ kind: 'sighting', point, heading_deg: 0, local })).toBe('points')
})
