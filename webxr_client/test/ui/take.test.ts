import { expect, test } from 'vitest'
import { type TakeState, viewTake } from '../../src/ui/take-state'
import { wordsIn } from './builders'

const SIZES = { bytes: 1_200_000, here_bytes: 300_000 }
const STATES: TakeState[] = [
  { kind: 'measuring' },
  { kind: 'unknown' },
  { kind: 'offer', bytes: 1_200_000, other_language: false },
  { kind: 'offer', bytes: 1_200_000, other_language: true },
  { kind: 'taking', loaded_bytes: 1, total_bytes: 4, waiting: false },
  { kind: 'taking', loaded_bytes: 1, total_bytes: 4, waiting: true },
  { kind: 'stopped', ...SIZES },
  { kind: 'evicted', ...SIZES },
  { kind: 'new', ...SIZES },
  { kind: 'full', ...SIZES },
  { kind: 'refused', ...SIZES },
  { kind: 'damaged', ...SIZES },
  { kind: 'lack', bytes: 1_200_000, lack_bytes: 500_000, here_bytes: 0 },
  { kind: 'taken', here_bytes: 300_000, persisted: false },
  { kind: 'deleted', bytes: 1_200_000 }
]

test.each(STATES.flatMap((state) => [['ja', state] as const, ['en', state] as const]))(
  'in %s every state has its sentences, with all places filled in: %o',
  (language, state) => {
    const words = wordsIn(language)
    const { sentences, buttons } = viewTake(state)
    const said = [...sentences, ...buttons.map(({ word }) => word)].map(({ key, parts }) => words(key, parts))
    expect(said.length).toBeGreaterThan(0)
    for (const sentence of said) expect(sentence).not.toMatch(/[{}]/)
  }
)

test('the size stands on the button before the tap', () => {
  expect(viewTake({ kind: 'offer', bytes: 1_200_000, other_language: false }).buttons).toEqual([
    { act: 'take', word: { key: 'take_start', parts: { size: 1_200_000 } } }
  ])
})

test('while it comes there is a share and a way to stop', () => {
  const view = viewTake({ kind: 'taking', loaded_bytes: 1, total_bytes: 4, waiting: false })
  expect(view.share).toBe(0.25)
  expect(view.buttons.map(({ act }) => act)).toEqual(['stop'])
})

test('whatever went wrong can be gone on with, and deleted if something is there', () => {
  for (const kind of ['stopped', 'evicted', 'full', 'refused', 'damaged'] as const) {
    expect(viewTake({ kind, ...SIZES }).buttons.map(({ act }) => act)).toEqual(['take', 'delete'])
  }
  const lack = viewTake({ kind: 'lack', bytes: 9, lack_bytes: 5, here_bytes: 0 })
  expect(lack.buttons.map(({ act }) => act)).toEqual(['take'])
})

test('what lies there for good is not said to be in danger', () => {
  const keys = (persisted: boolean): string[] =>
    viewTake({ kind: 'taken', here_bytes: 1, persisted }).sentences.map(({ key }) => key)
  expect(keys(true)).toEqual(['take_taken'])
  expect(keys(false)).toEqual(['take_taken', 'take_may_go'])
})
