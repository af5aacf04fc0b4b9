// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest'
import { openSighting } from '../../src/ui/sighting'
import { wordsIn } from './builders'

const WORDS = wordsIn('en')
const POINTS = [
  { id: 'pillar', name: 'West pillar' },
  { id: 'corner', name: 'Corner of the wall' }
]

let taken: string[]
let said: string
let closed: number

function press(name: string): void {
  const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent?.startsWith(name))
  if (button === undefined) throw new Error(`no button ${name}`)
  button.click()
}

function open() {
  const [overlay, place] = [...document.querySelectorAll('div')]
  if (overlay === undefined || place === undefined) throw new Error('no room')
  return openSighting({
    place,
    overlay,
    points: POINTS,
    words: WORDS,
    say: (sentence) => {
      said = sentence
    },
    onTake: (id) => taken.push(id),
    onClose: () => {
      closed += 1
    }
  })
}

beforeEach(() => {
  document.body.innerHTML = '<div id="overlay"><div id="place"></div></div>'
  ;[taken, said, closed] = [[], '', 0]
})

test('a point is chosen, the ring held on it, and taken; then the next can be', () => {
  open()
  expect(said).toBe(WORDS('sight_choose'))
  expect(document.querySelector('.ring')).toBeNull()
  press('West pillar')
  expect(said).toBe(WORDS('sight_hold', { name: 'West pillar' }))
  expect(document.querySelector('.ring')).not.toBeNull()
  expect(document.activeElement?.textContent).toBe(WORDS('sight_take'))
  press(WORDS('sight_take'))
  expect(taken).toEqual(['pillar'])
  expect(document.querySelector('.ring')).toBeNull()
  expect(document.querySelector('li')?.textContent).toBe(`West pillar${WORDS('sight_done')}`)
  press('Corner')
  press(WORDS('sight_take'))
  expect(taken).toEqual(['pillar', 'corner'])
})

test('a tap on the view counts as well as the button', () => {
  open()
  press('Corner')
  document.querySelector<HTMLElement>('.sighting')?.click()
  expect(taken).toEqual(['corner'])
})

test('another point can be chosen without taking the first, and nothing is taken by leaving', () => {
  open()
  press('West pillar')
  press(WORDS('sight_other'))
  expect(said).toBe(WORDS('sight_choose'))
  press(WORDS('ar_not_now'))
  expect([taken, closed]).toEqual([[], 1])
})

test('closed from outside, no ring is left over the view', () => {
  const sighting = open()
  press('West pillar')
  sighting.close()
  expect(document.querySelector('.ring')).toBeNull()
})
