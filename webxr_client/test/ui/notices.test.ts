// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClock } from '../../src/clock'
import { followNotices, nextEdge, noticesAt, sayUntil } from '../../src/ui/notices'
import { createVisit, type Visit } from '../../src/ui/visit'
import type { Notice } from '../../src/wire'
import { experience, GATE, site, wordsIn } from './builders'

const START = Date.parse('2026-12-01T00:00:00Z') // nine in the morning in Nagasaki
const HOUR_MS = 3_600_000
const WORDS = wordsIn('en')

function notice(values: Partial<Notice> = {}): Notice {
  return {
    id: 'shut',
    landmark: 'gate',
    severity: 'closed',
    text: 'The gate is shut.',
    from_at: '2026-12-01T00:00:00Z',
    until_at: '2026-12-01T03:00:00Z',
    ...values
  }
}

const PAGE = `<script type="application/json" id="texts"></script><p id="notice-news" role="status"></p>
<main data-site="dejima"><svg><a class="mark" data-landmark="gate" aria-label="3 Water Gate"><text x="5" y="5">3</text></a></svg>
<section id="notices" hidden></section><span data-noticed="gate"></span><section id="arrival" hidden></section></main>`

beforeEach(() => {
  vi.useFakeTimers({ now: START })
  localStorage.clear()
  openPage()
})

function openPage(): void {
  document.body.innerHTML = PAGE
  document.documentElement.lang = 'en'
  const keys = ['title', 'information', 'closed', 'danger', 'until', 'today', 'day', 'open']
  const sentences = Object.fromEntries(keys.map((key) => [`notice_${key}`, WORDS(`notice_${key}`)]))
  const more = ['marked', 'moment', 'date', 'months', 'days', 'weekdays'].map((key) => [key, WORDS(key)])
  get('#texts').textContent = JSON.stringify({ ...sentences, ...Object.fromEntries(more) })
}

afterEach(() => {
  vi.useRealTimers()
})

function get(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector)
  if (element === null) throw new Error(`no ${selector}`)
  return element
}

function visitOf(notices: Notice[]): Visit {
  const visit = createVisit(
    'dejima',
    'en',
    createClock(() => Date.now(), null),
    '/preview'
  )
  visit.dispatch({ type: 'site_loaded', site: { ...site([experience()]), notices }, at: Date.now() })
  return visit
}

test('the start is in, the end is out', () => {
  const one = notice()
  expect(noticesAt([one], START - 1)).toEqual([])
  expect(noticesAt([one], START)).toEqual([one])
  expect(noticesAt([one], START + 3 * HOUR_MS - 1)).toEqual([one])
  expect(noticesAt([one], START + 3 * HOUR_MS)).toEqual([])
  expect(noticesAt([notice({ until_at: null })], START + 9999 * HOUR_MS)).toHaveLength(1)
})

test('the next edge is the nearest start or end still to come', () => {
  const later = notice({ id: 'later', from_at: '2026-12-01T02:00:00Z', until_at: null })
  expect(nextEdge([notice(), later], START)).toBe(START + 2 * HOUR_MS)
  expect(nextEdge([notice(), later], START + 2 * HOUR_MS)).toBe(START + 3 * HOUR_MS)
  expect(nextEdge([later], START + 2 * HOUR_MS)).toBeNull()
})

test('the end is told as an hour, as a day, or as not known', () => {
  const say = (until_at: string | null) => sayUntil(notice({ until_at }), START, 'Asia/Tokyo', WORDS)
  expect(say('2026-12-01T03:00:00Z')).toBe('Until 12:00.')
  expect(say('2026-12-01T15:00:00Z')).toBe('Until the end of today.')
  expect(say('2026-12-03T15:00:00Z')).toBe('Until the end of 3 December (Thu).')
  expect(say('2026-12-03T03:00:00Z')).toBe('Until 3 December (Thu) 12:00.')
  expect(say(null)).toBe('Until further notice.')
})

test('a notice begins and ends by itself, on map, list and page, and is said once', () => {
  followNotices(document, visitOf([notice({ from_at: '2026-12-01T01:00:00Z' })]), false)
  expect(get('#notices').hidden).toBe(true)
  vi.advanceTimersByTime(HOUR_MS + 10)
  expect(get('#notices').hidden).toBe(false)
  expect(get('#notices').textContent).toContain('The gate is shut.')
  expect(get('#notices a').getAttribute('href')).toBe('/en/dejima/landmarks/gate')
  expect(get('[data-noticed]').textContent).toBe('Closed')
  expect(get('a.mark').getAttribute('aria-label')).toBe('3 Water Gate, Closed')
  expect(get('a.mark .flag').textContent).toBe('×')
  expect(get('#notice-news').textContent).toBe('Closed: The gate is shut. ')
  vi.advanceTimersByTime(2 * HOUR_MS)
  expect(get('#notices').hidden).toBe(true)
  expect(get('[data-noticed]').textContent).toBe('')
  expect(get('a.mark').getAttribute('aria-label')).toBe('3 Water Gate')
  expect(document.querySelector('a.mark .flag')).toBeNull()
})

test('what stood on the page already is not said, what came after it is', () => {
  followNotices(document, visitOf([notice()]), false)
  expect(get('#notice-news').textContent).toBe('')
  openPage() // another one
  followNotices(document, visitOf([notice({ told_in: 'ja', text: '閉まっています。' })]), true)
  expect(get('#notice-news').textContent).toContain('閉まっています。')
  expect(get('#notice-news [lang]').getAttribute('lang')).toBe('ja')
})

test('a page about a landmark tells its own notices and those of the whole site, the sheet those of the landmark', () => {
  get('main').dataset['landmark'] = 'elsewhere'
  const visit = visitOf([notice(), notice({ id: 'all', landmark: null, severity: 'information', text: 'Rain.' })])
  followNotices(document, visit, false)
  expect(get('#notices').textContent).toContain('Rain.')
  expect(get('#notices').textContent).not.toContain('shut')
  get('main').dataset['landmark'] = GATE.id
  get('#arrival').hidden = false
  visit.dispatch({ type: 'experience_opened', experience: 'gate-1820' })
  expect(get('#notices').textContent).toContain('shut')
  expect(get('#arrival').textContent).toContain('shut')
  expect(get('#arrival').textContent).not.toContain('Rain.')
  get('#arrival').replaceChildren() // another sheet is laid
  visit.dispatch({ type: 'time_passed', at: Date.now() + 1 })
  expect(get('#arrival').textContent).toContain('shut')
})

test('what was taken back goes with the next document', () => {
  const visit = visitOf([notice({ until_at: null })])
  followNotices(document, visit, false)
  expect(get('#notices').hidden).toBe(false)
  visit.dispatch({ type: 'site_loaded', site: site([experience()]), at: Date.now() })
  expect(get('#notices').hidden).toBe(true)
})
