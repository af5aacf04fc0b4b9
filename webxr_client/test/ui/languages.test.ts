// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest'
import { setUpLanguages } from '../../src/ui/languages'

function get<T extends HTMLElement>(selector: string): T {
  const element = document.querySelector<T>(selector)
  if (element === null) throw new Error(`no ${selector}`)
  return element
}

beforeEach(() => {
  document.documentElement.dataset['language'] = 'en'
  document.body.innerHTML =
    '<nav class="languages"><details open><summary>English</summary><a href="#ja" data-language="ja">日本語</a></details></nav><p>text</p>'
  setUpLanguages(document)
})

test('a language chosen by hand is kept for the first address, and a click elsewhere changes nothing', () => {
  get('a').click()
  get('p').click()
  expect(document.cookie).toContain('lang=ja')
})

test('the list closes on a tap beside it', () => {
  get('p').click()
  expect(get<HTMLDetailsElement>('details').open).toBe(false)
})

test('Escape closes the list and leaves the focus on what opened it', () => {
  get('a').focus()
  get('a').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  expect(get<HTMLDetailsElement>('details').open).toBe(false)
  expect(document.activeElement?.tagName).toBe('SUMMARY')
})
