// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { between, daysMoved, setUpDrawing, spanAddress } from '../../src/drawing'

const DAY_PX = 40

/** A month of five days with an empty row and a bar of fixed days; each cell 40 px wide. */
function month(): HTMLElement {
  const cells = [1, 2, 3, 4, 5]
    .map(
      (day) =>
        `<td><a href="/desk/calendar/add?landmark=gate&first=2027-02-0${day}&last=2027-02-0${day}" data-day="2027-02-0${day}"></a></td>`
    )
    .join('')
  document.body.innerHTML = `<table class="plan-month"><thead><tr><th>x</th><th>1</th></tr></thead><tbody><tr>${cells}</tr>
    <tr><td><a id="bar" href="/desk/dates/wall" data-move="/desk/dates/wall?schedule=wall&amp;moved=2027-02-01&amp;by=">Wall</a></td></tr></tbody></table>`
  layCells()
  const head = document.querySelector<HTMLElement>('thead th:nth-child(2)')
  if (head !== null) head.getBoundingClientRect = () => new DOMRect(0, 0, DAY_PX, 44)
  return document.querySelector('table') as HTMLElement
}

function layCells(): void {
  document.querySelectorAll<HTMLElement>('[data-day]').forEach((cell, index) => {
    cell.getBoundingClientRect = () => new DOMRect(index * DAY_PX, 0, DAY_PX, 44)
  })
}

function point(target: EventTarget, type: string, x: number, more: PointerEventInit = {}): void {
  target.dispatchEvent(
    new PointerEvent(type, {
      bubbles: true,
      button: 0,
      isPrimary: true,
      clientX: x,
      clientY: 5,
      pointerType: 'mouse',
      ...more
    })
  )
}

const cell = (day: number): HTMLElement => document.querySelector(`[data-day="2027-02-0${day}"]`) as HTMLElement

describe('days are drawn over', () => {
  const go = vi.fn<(address: string) => void>()
  beforeEach(() => {
    vi.useFakeTimers()
    go.mockClear()
    setUpDrawing(month(), go)
  })

  test.each([
    [2, 4],
    [4, 2]
  ])('from day %i to day %i opens the form with the first and the last', (from, to) => {
    point(cell(from), 'pointerdown', (from - 0.5) * DAY_PX)
    point(document, 'pointermove', (to - 0.5) * DAY_PX)
    expect([...document.querySelectorAll('.drawn')].length).toBe(3)
    point(document, 'pointerup', (to - 0.5) * DAY_PX)
    vi.runAllTimers()
    expect(go.mock.calls).toEqual([['/desk/calendar/add?landmark=gate&first=2027-02-02&last=2027-02-04']])
    expect(document.querySelectorAll('.drawn, .drawing').length).toBe(0)
  })

  test('a click is left to the link', () => {
    point(cell(2), 'pointerdown', 60)
    point(document, 'pointermove', 62)
    point(document, 'pointerup', 62)
    vi.runAllTimers()
    expect(go).not.toHaveBeenCalled()
    expect(cell(2).dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))).toBe(true)
  })

  test('the click after a drawn line opens nothing besides', () => {
    point(cell(2), 'pointerdown', 60)
    point(document, 'pointermove', 140)
    point(document, 'pointerup', 140)
    expect(cell(4).dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))).toBe(false)
    vi.runAllTimers()
    expect(go).toHaveBeenCalledOnce()
    expect(cell(4).dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))).toBe(true)
  })

  test('Escape gives it up', () => {
    point(cell(2), 'pointerdown', 60)
    point(document, 'pointermove', 140)
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    point(document, 'pointerup', 140)
    vi.runAllTimers()
    expect(go).not.toHaveBeenCalled()
    expect(document.querySelectorAll('.drawn').length).toBe(0)
  })

  test('another button is no drawing', () => {
    point(cell(2), 'pointerdown', 60, { button: 2 })
    point(document, 'pointermove', 140)
    expect(document.querySelectorAll('.drawn').length).toBe(0)
  })

  test.each([
    [85, '2'],
    [-41, '-1']
  ])('a bar moved by %i px leads to its form with %s days', (px, days) => {
    const bar = document.querySelector('#bar') as HTMLElement
    point(bar, 'pointerdown', 200)
    point(document, 'pointermove', 200 + px)
    expect(bar.style.transform).toBe(`translateX(${Number(days) * DAY_PX}px)`)
    point(document, 'pointerup', 200 + px)
    vi.runAllTimers()
    expect(go.mock.calls).toEqual([[`/desk/dates/wall?schedule=wall&moved=2027-02-01&by=${days}`]])
    expect(bar.style.transform).toBe('')
  })

  test('a bar put back where it was opens nothing', () => {
    const bar = document.querySelector('#bar') as HTMLElement
    point(bar, 'pointerdown', 200)
    point(document, 'pointermove', 280)
    point(document, 'pointermove', 205)
    point(document, 'pointerup', 205)
    vi.runAllTimers()
    expect(go).not.toHaveBeenCalled()
  })
})

describe('by touch', () => {
  const go = vi.fn<(address: string) => void>()
  const touch = (target: EventTarget, type: string, x: number, more: PointerEventInit = {}): void =>
    point(target, type, x, { pointerType: 'touch', ...more })
  /** Whether a page lets the browser do what it would do by itself. */
  const left = (type: string, on = cell(2)): boolean =>
    on.dispatchEvent(new Event(type, { bubbles: true, cancelable: true }))
  beforeEach(() => {
    vi.useFakeTimers()
    go.mockClear()
    setUpDrawing(month(), go)
  })

  test('a finger that rests draws over days, and the calendar neither scrolls nor opens the menu of a link', () => {
    touch(cell(2), 'pointerdown', 60)
    expect(left('touchmove')).toBe(true)
    expect(left('contextmenu')).toBe(false)
    vi.advanceTimersByTime(500)
    expect([...document.querySelectorAll('.drawn')].length).toBe(1)
    expect(left('touchmove')).toBe(false)
    expect(left('contextmenu')).toBe(false)
    touch(document, 'pointermove', 140)
    expect([...document.querySelectorAll('.drawn')].length).toBe(3)
    expect(left('touchend')).toBe(false)
    touch(document, 'pointerup', 140)
    vi.runAllTimers()
    expect(go.mock.calls).toEqual([['/desk/calendar/add?landmark=gate&first=2027-02-02&last=2027-02-04']])
    expect(left('touchmove')).toBe(true)
    expect(left('contextmenu')).toBe(true)
  })

  test('a finger that rests on a bar moves it', () => {
    const bar = document.querySelector('#bar') as HTMLElement
    touch(bar, 'pointerdown', 100)
    vi.advanceTimersByTime(500)
    expect(bar.classList.contains('held')).toBe(true)
    touch(document, 'pointermove', 185)
    expect(bar.style.transform).toBe(`translateX(${2 * DAY_PX}px)`)
    touch(document, 'pointerup', 185)
    vi.runAllTimers()
    expect(go.mock.calls).toEqual([['/desk/dates/wall?schedule=wall&moved=2027-02-01&by=2']])
    expect(bar.className).toBe('')
  })

  test.each<[string, () => void]>([
    ['a finger that moves at once', () => touch(document, 'pointermove', 90)],
    ['a tap', () => touch(document, 'pointerup', 60)],
    ['a browser that scrolls', () => touch(document, 'pointercancel', 60)],
    ['a second finger', () => touch(cell(4), 'pointerdown', 140, { pointerId: 2, isPrimary: false })]
  ])('%s begins nothing', (_, what) => {
    touch(cell(2), 'pointerdown', 60)
    what()
    vi.advanceTimersByTime(1000)
    touch(document, 'pointermove', 140)
    expect(document.querySelectorAll('.drawn, .pressed, .drawing').length).toBe(0)
    touch(document, 'pointerup', 140)
    vi.runAllTimers()
    expect(go).not.toHaveBeenCalled()
    expect(left('contextmenu')).toBe(true)
  })

  test.each<[string, () => void]>([
    ['a second finger', () => touch(cell(4), 'pointerdown', 140, { pointerId: 2, isPrimary: false })],
    ['Escape', () => document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))],
    ['the system', () => touch(document, 'pointercancel', 140)]
  ])('%s gives a drawing up', (_, what) => {
    touch(cell(2), 'pointerdown', 60)
    vi.advanceTimersByTime(500)
    touch(document, 'pointermove', 140)
    what()
    expect(document.querySelectorAll('.drawn, .drawing').length).toBe(0)
    touch(document, 'pointerup', 140)
    vi.runAllTimers()
    expect(go).not.toHaveBeenCalled()
  })

  test('the other finger moves and lifts nothing of it', () => {
    touch(cell(2), 'pointerdown', 60, { pointerId: 1 })
    vi.advanceTimersByTime(500)
    touch(document, 'pointermove', 140, { pointerId: 2 })
    touch(document, 'pointerup', 140, { pointerId: 2 })
    expect([...document.querySelectorAll('.drawn')].length).toBe(1)
  })

  test('at the edge the calendar scrolls on, under a finger that rests there too', () => {
    document.body.innerHTML = `<div class="scroll">${document.body.innerHTML}</div>`
    const frame = document.querySelector('.scroll') as HTMLElement
    frame.getBoundingClientRect = () => new DOMRect(0, 0, 160, 200)
    setUpDrawing(document.querySelector('table') as HTMLElement, go)
    layCells()
    touch(cell(2), 'pointerdown', 60)
    vi.advanceTimersByTime(450)
    touch(document, 'pointermove', 150)
    vi.advanceTimersByTime(160)
    expect(frame.scrollLeft).toBeGreaterThan(0)
    const reached = frame.scrollLeft
    touch(document, 'pointermove', 80)
    vi.advanceTimersByTime(160)
    expect(frame.scrollLeft).toBe(reached)
    touch(document, 'pointermove', 10)
    vi.advanceTimersByTime(160)
    expect(frame.scrollLeft).toBeLessThan(reached)
    touch(document, 'pointerup', 10)
  })
})

test('an empty place of the seasons keeps its own address', () => {
  const from = '/desk/seasons/new?first=2027-02-05&last=2027-02-05'
  expect(spanAddress(from, '/desk/seasons/new?first=2027-02-01&last=2027-02-01')).toBe(
    '/desk/seasons/new?first=2027-02-01&last=2027-02-05'
  )
})

test('days between two, and days of a movement', () => {
  month()
  const cells = [...document.querySelectorAll<HTMLElement>('[data-day]')]
  expect(between(cells, cell(4), cell(2)).map(({ dataset }) => dataset['day'])).toEqual([
    '2027-02-02',
    '2027-02-03',
    '2027-02-04'
  ])
  expect(daysMoved(59, 40)).toBe(1)
  expect(daysMoved(61, 40)).toBe(2)
  expect(daysMoved(10, 0)).toBe(0)
})
