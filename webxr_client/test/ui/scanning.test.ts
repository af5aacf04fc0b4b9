// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from 'vitest'
import type { SignPose } from '../../src/align/estimator'
import type { Outcome } from '../../src/scan/look'
import { openScanning } from '../../src/ui/scanning'
import type { Sign } from '../../src/wire'
import { wordsIn } from './builders'

const WORDS = wordsIn('en')
const SIGN = { code: 'SUIMON1', lat: 32.7439, lon: 129.872, heading_deg: 0, accuracy_m: 0.1 } as Sign
const POSE: SignPose = { lat: 32.7439, lon: 129.872, yaw_deg: 20, accuracy_m: 0.13, accuracy_deg: 1.8 }

let tell: (outcome: Outcome) => void
let stopped: number
let said: string[]
let taken: SignPose[]
let closed: (string | null)[]
let clock_ms: number

vi.mock('../../src/scan/look', () => ({
  lookForSign: (_: unknown, __: unknown, ___: unknown, onOutcome: (outcome: Outcome) => void) => {
    tell = onOutcome
    return () => {
      stopped += 1
    }
  }
}))

function open(lookout: object | null = {}, possible = true) {
  const [overlay, place] = [...document.querySelectorAll('div')]
  if (overlay === undefined || place === undefined) throw new Error('no room')
  return openScanning({
    place,
    overlay,
    signs: [SIGN],
    lookout: lookout as never,
    words: WORDS,
    say: (sentence) => said.push(sentence),
    onTake: (pose) => {
      taken.push(pose)
      return possible
    },
    onClose: (sentence) => closed.push(sentence)
  })
}

function press(name: string): void {
  const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === name)
  if (button === undefined) throw new Error(`no button ${name}`)
  button.click()
}

/** A picture comes a second after the one before. */
function see(outcome: Outcome): void {
  clock_ms += 1000
  tell(outcome)
}

beforeEach(() => {
  document.body.innerHTML = '<div id="overlay"><div id="place"></div></div>'
  ;[stopped, said, taken, closed, clock_ms] = [0, [], [], [], 10_000]
  vi.spyOn(performance, 'now').mockImplementation(() => clock_ms)
})

test('what is amiss is said once, in words, until the sign is found', () => {
  open()
  expect(document.querySelector('.frame')).not.toBeNull()
  for (const why of ['far', 'far', 'oblique', 'unknown'] as const) see({ kind: 'refused', why })
  see({ kind: 'seen' })
  see({ kind: 'found', sign: SIGN, pose: POSE, at_ms: 5 })
  const keys = ['sign_look', 'sign_far', 'sign_oblique', 'sign_unknown', 'sign_seen']
  expect(said).toEqual(keys.map((key) => WORDS(key)))
  expect(taken).toEqual([POSE])
  expect(closed).toEqual([WORDS('sign_found', { metres: 0.2, degrees: 2 })])
  expect(document.querySelector('.scanning')).toBeNull()
  expect(stopped).toBe(1)
})

test('sentences that would change faster than they can be read wait', () => {
  open()
  clock_ms += 1000
  tell({ kind: 'refused', why: 'far' })
  clock_ms += 120
  tell({ kind: 'refused', why: 'moving' })
  expect(said.at(-1)).toBe(WORDS('sign_far'))
})

test('a picture without a code is nothing to speak of for a while', () => {
  open()
  for (let i = 0; i < 7; i++) see({ kind: 'nothing' })
  expect(said).toEqual([WORDS('sign_look')])
  see({ kind: 'nothing' })
  expect(said.at(-1)).toBe(WORDS('sign_none'))
})

test('a sign where the visitor cannot be is said to hang elsewhere', () => {
  open({}, false)
  see({ kind: 'found', sign: SIGN, pose: POSE, at_ms: 5 })
  expect(closed).toEqual([WORDS('sign_elsewhere')])
})

test('a code is typed instead: a wrong one is said so and kept, a right one is a place before the sign', () => {
  open()
  press(WORDS('sign_type'))
  expect(stopped).toBe(1)
  const field = document.querySelector('input')
  const form = document.querySelector('form')
  if (field === null || form === null) throw new Error('no field')
  expect(document.activeElement).toBe(field)
  field.value = 'suimon7'
  form.requestSubmit()
  expect(document.querySelector('#sign-problem')?.textContent).toBe(WORDS('sign_code_unknown'))
  expect(field.getAttribute('aria-invalid')).toBe('true')
  field.value = ' suimon 1'
  form.requestSubmit()
  expect(taken).toHaveLength(1)
  expect(taken[0]).toMatchObject({ yaw_deg: null, accuracy_deg: 180 })
  expect(((taken[0]?.lat ?? 0) - SIGN.lat) * 110_900).toBeCloseTo(0.7, 1) // it faces north
  expect(closed).toEqual([WORDS('sign_typed', { metres: 0.8 })])
})

test('a scanner that cannot be loaded leaves the code', () => {
  open()
  see({ kind: 'broken' })
  expect(said.at(-1)).toBe(WORDS('sign_broken'))
  expect(document.querySelector('input')).not.toBeNull()
})

test('without a camera the signs are named in a list, and nothing is taken by leaving', () => {
  open(null)
  expect(said).toEqual([WORDS('sign_which')])
  press(WORDS('ar_not_now'))
  expect([taken, closed]).toEqual([[], [null]])
  press('SUIMON1')
  expect(taken).toHaveLength(1)
})
