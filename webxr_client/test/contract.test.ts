import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isLive, nextChange } from '../src/geo/live'
import { type Fence, type Fix, NOWHERE, stepTrigger, type TriggerState } from '../src/geo/trigger'
import type { Occurrence } from '../src/wire'

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
