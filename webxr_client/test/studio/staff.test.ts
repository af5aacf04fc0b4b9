// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from 'vitest'
import { fill, foldMenu, listenForShortcuts, readData } from '../../src/staff'

const clicked = vi.fn((event: Event) => event.preventDefault())

beforeEach(() => {
  clicked.mockClear()
  document.body.innerHTML =
    '<a href="/desk/" data-shortcut="2">Review</a><script type="application/json" id="words">{"a":1}</script>'
  document.querySelector('a')?.addEventListener('click', clicked)
})

function press(code: string, keys: KeyboardEventInit): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { code, cancelable: true, bubbles: true, ...keys })
  document.dispatchEvent(event)
  return event
}

test('Alt and a digit follow the entry that shows it, and nothing else does', () => {
  listenForShortcuts(document)
  expect(press('Digit2', { altKey: true }).defaultPrevented).toBe(true)
  expect(clicked).toHaveBeenCalledTimes(1)
  for (const [code, keys] of [
    ['Digit3', { altKey: true }],
    ['Digit2', {}],
    ['Digit2', { altKey: true, ctrlKey: true }],
    ['KeyA', { altKey: true }]
  ] as [string, KeyboardEventInit][]) {
    expect(press(code, keys).defaultPrevented).toBe(false)
  }
  expect(clicked).toHaveBeenCalledTimes(1)
})

test('data of a page is read by its id and is null when the page has none', () => {
  expect(readData(document, 'words')).toEqual({ a: 1 })
  expect(readData(document, 'nothing')).toBeNull()
})

test('a sentence keeps the places nobody fills', () => {
  expect(fill('{a} of {b} and {c}', { a: 1, b: 'two' })).toBe('1 of two and {c}')
})

test('the open menu folds up on Escape with the focus on its word, and when something else is reached', () => {
  document.body.innerHTML =
    '<details id="menu" open><summary tabindex="0">Menu</summary><a href="/a">A</a></details><button>B</button>'
  const menu = document.querySelector('details') as HTMLDetailsElement
  const tell = (selector: string, event: Event): void => {
    document.querySelector(selector)?.dispatchEvent(event)
  }
  foldMenu(document)
  tell('#menu a', new Event('pointerdown', { bubbles: true }))
  expect(menu.open).toBe(true)
  tell('#menu a', new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  expect(menu.open).toBe(false)
  expect(document.activeElement).toBe(menu.querySelector('summary'))
  for (const event of ['pointerdown', 'focusin']) {
    menu.open = true
    tell('button', new Event(event, { bubbles: true }))
    expect(menu.open).toBe(false)
  }
})
