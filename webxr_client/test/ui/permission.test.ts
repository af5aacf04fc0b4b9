// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest'
import { type Answer, askInTap } from '../../src/ui/permission'
import { wordsIn } from './builders'

const WORDS = wordsIn('en')
let asked: number
let place: HTMLElement

beforeEach(() => {
  asked = 0
  place = document.createElement('div')
  document.body.replaceChildren(place)
})

function ask(answer: Answer = 'granted', of = 2): Promise<Answer> {
  const question = {
    key: 'camera' as const,
    ask: async () => {
      asked += 1
      return answer
    }
  }
  return askInTap(place, question, { step: 2, of }, WORDS)
}

const buttons = (): HTMLButtonElement[] => [...place.querySelectorAll('button')]

test('our own words stand first, and nothing is asked by showing them', () => {
  void ask()
  expect(place.textContent).toContain(WORDS('ask_camera'))
  expect(place.textContent).toContain(WORDS('ask_step', { step: 2, of: 2 }))
  expect(asked).toBe(0)
})

test('the browser is asked within the tap itself, and once', async () => {
  const answer = ask('denied')
  buttons()[0]?.click()
  expect(asked).toBe(1) // an iPhone forgets the tap while anything is awaited
  buttons()[0]?.click()
  expect(asked).toBe(1)
  expect(await answer).toBe('denied')
})

test('a no to us never reaches the browser', async () => {
  const answer = ask()
  buttons()[1]?.click()
  expect(await answer).toBe('declined')
  expect(asked).toBe(0)
})

test('a single question is not counted', () => {
  void ask('granted', 1)
  expect(place.querySelector('.ask-step')).toBeNull()
})
