import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isLive, isQuiet, nextChange } from '../src/geo/live'
import { type Fence, type Fix, NOWHERE, stepTrigger, type TriggerState } from '../src/geo/trigger'
import { judge, standing } from '../src/rally/card'
import { isShownNow, isWhole } from '../src/rally/code'
import type { Occurrence, Rally } from '../src/wire'

/** The same pairs hold the server's rules, in tests/contract/test_contract.py. */
function readPairs<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`../../tests/contract/${name}`, import.meta.url), 'utf8')) as T[]
}

interface Walk {
  name: string
  fences: Fence[]
  start?: TriggerState
  steps: { fix: Fix; expected: TriggerState }[]
}

interface Moment {
  name: string
  occurrences: Occurrence[]
  quiet_on: string[]
  at: string
  zone: string
  live: boolean
  next_change: string | null
}

describe('the trigger follows the pairs', () => {
  test.each(readPairs<Walk>('trigger.json'))('$name', ({ fences, start, steps }) => {
    let state = start ?? NOWHERE
    for (const { fix, expected } of steps) {
      state = stepTrigger(state, fix, fences)
      expect(state).toEqual(expected)
    }
  })
})

describe('is_live follows the pairs', () => {
  test.each(readPairs<Moment>('is_live.json'))('$name', ({ occurrences, quiet_on, at, zone, live, next_change }) => {
    const moment = Date.parse(at)
    expect(isLive(occurrences, quiet_on, moment, zone)).toBe(live)
    const next = nextChange(occurrences, quiet_on, moment, zone)
    expect(next).toBe(next_change === null ? null : Date.parse(next_change))
  })
})

interface RallyPairs {
  rallies: Record<string, Pick<Rally, 'landmarks' | 'order' | 'needed'>>
  judged: { rally: string; stamped: string[]; landmark: string; verdict: string }[]
  complete: { rally: string; stamped: string[]; complete: boolean }[]
  at: number
  sign: string
  moment: string
  shown: { after_ms: number; shown: boolean }[]
}

describe('stamps and codes follow the pairs', () => {
  const pairs = JSON.parse(
    readFileSync(new URL('../../tests/contract/rally.json', import.meta.url), 'utf8')
  ) as RallyPairs
  const rallyOf = (name: string): Rally =>
    ({
      ...pairs.rallies[name],
      id: name,
      starts_at: '2026-11-19T15:00:00Z',
      ends_at: '2026-11-30T15:00:00Z'
    }) as Rally

  test.each(pairs.judged)('$rally $stamped $landmark', ({ rally, stamped, landmark, verdict }) => {
    expect(judge(rallyOf(rally), stamped, landmark, pairs.at)).toBe(verdict)
  })

  test.each(pairs.complete)('$rally $stamped', ({ rally, stamped, complete }) => {
    expect(standing(rallyOf(rally), stamped).complete).toBe(complete)
  })

  test('a slip of one letter is noticed in every place', () => {
    for (const [code, proof] of [
      [pairs.sign, 'sign'],
      [pairs.moment, 'rotating']
    ] as const) {
      expect(isWhole(code, proof)).toBe(true)
      for (let place = 0; place < code.length; place++) {
        const other = code[place] === '7' ? '8' : '7'
        expect(isWhole(code.slice(0, place) + other + code.slice(place + 1), proof)).toBe(false)
      }
    }
  })

  test.each(pairs.shown)('after $after_ms ms', ({ after_ms, shown }) => {
    expect(isShownNow(pairs.moment, pairs.at + after_ms)).toBe(shown)
  })
})

describe('quiet days follow the pairs', () => {
  test.each(
    readPairs<{ name: string; quiet_days: string[]; at: string; zone: string; quiet: boolean }>('is_quiet.json')
  )('$name', ({ quiet_days, at, zone, quiet }) => {
    expect(isQuiet(quiet_days, Date.parse(at), zone)).toBe(quiet)
  })
})
