// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest'
import { showProgramme } from '../../src/ui/programme'
import type { Occurrence } from '../../src/wire'
import { at, experience, site, state } from './builders'

const DAY: Occurrence[] = [
  ['2026-12-05T00:00:00Z', '2026-12-05T08:00:00Z'],
  ['2026-12-06T00:00:00Z', '2026-12-06T08:00:00Z']
]
const EVENING: Occurrence[] = [
  ['2026-12-05T09:00:00Z', '2026-12-05T12:00:00Z'],
  ['2026-12-06T09:00:00Z', '2026-12-06T12:00:00Z']
]
const ALWAYS: Occurrence[] = [['2026-12-03T15:00:00Z', '2027-02-03T15:00:00Z']]
const PAST: Occurrence[] = [['2026-12-01T00:00:00Z', '2026-12-02T00:00:00Z']]
const SPANS = { always: ALWAYS, evening: EVENING, day: DAY, past: PAST }

beforeEach(() => {
  const cards = Object.keys(SPANS).map((id) => `<article data-experience="${id}"><a href="/${id}">${id}</a></article>`)
  const section = (part: string, more = ''): string =>
    `<section data-part="${part}"><h2>${part}</h2>${more}<div class="cards">${part === 'rest' ? cards.join('') : ''}</div></section>`
  document.body.innerHTML = `<div id="experiences">${section('now', '<p class="none"></p>')}${section('next')}${section('rest')}</div>`
})

function shown(moment: string, quiet: Record<string, string[]> = {}): Record<string, string[]> {
  const experiences = Object.entries(SPANS).map(([id, occurrences]) =>
    experience({ id, occurrences, quiet_on: quiet[id] ?? [] })
  )
  showProgramme(document, state({ site: site(experiences), at: at(moment) }))
  return Object.fromEntries(
    [...document.querySelectorAll<HTMLElement>('[data-part]')].map((section) => [
      section.dataset['part'] ?? '',
      [...section.querySelectorAll<HTMLElement>('article')].map((card) => card.dataset['experience'] ?? '')
    ])
  )
}

const hidden = (selector: string): boolean => Boolean(document.querySelector<HTMLElement>(selector)?.hidden)

test('what is on leads, and the rest follows in time', () => {
  expect(shown('2026-12-05T08:00')).toEqual({ now: ['always'], next: ['day', 'evening'], rest: ['past'] })
  expect(shown('2026-12-05T10:00')).toEqual({ now: ['day', 'always'], next: ['evening'], rest: ['past'] })
  expect(shown('2026-12-05T18:00')).toEqual({ now: ['evening', 'always'], next: ['day'], rest: ['past'] })
  expect(shown('2026-12-05T21:00')).toEqual({ now: ['always'], next: ['day', 'evening'], rest: ['past'] })
})

test('what rests on a quiet day comes next at the midnight after', () => {
  const parts = shown('2026-12-05T12:00', { always: ['2026-12-05'] })
  expect(parts).toMatchObject({ now: ['day'], next: ['evening', 'always'] })
})

test('an empty part is not shown, save that nothing is on, which is said', () => {
  const quiet = ['2026-12-06']
  shown('2026-12-06T22:00', { always: quiet })
  expect(hidden('[data-part=now]')).toBe(false)
  expect(hidden('.none')).toBe(false)
  shown('2026-12-07T12:00')
  expect(hidden('[data-part=next]')).toBe(true)
  expect(hidden('.none')).toBe(true)
})

test('a card that moves keeps the focus', () => {
  shown('2026-12-05T08:00')
  const link = document.querySelector<HTMLElement>('[data-experience=day] a')
  link?.focus()
  expect(shown('2026-12-05T10:00')['now']).toContain('day')
  expect(document.activeElement).toBe(link)
})
