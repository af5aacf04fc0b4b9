import { beforeEach, expect, test } from 'vitest'
import { maySend, readConsent, saveConsent } from '../src/consent'
import type { ConsentState } from '../src/wire'

// @vitest-environment happy-dom
beforeEach(() => localStorage.clear())

test('nothing is chosen at first', () => {
  expect(readConsent(localStorage, '1')).toEqual({ state: 'unset', text_version: '1' })
})

test('a choice is kept', () => {
  saveConsent(localStorage, 'statistics', '1')
  expect(readConsent(localStorage, '1').state).toBe('statistics')
})

test('a yes to an older text is asked again, a no is not', () => {
  saveConsent(localStorage, 'necessary', '1')
  expect(readConsent(localStorage, '2').state).toBe('unset')
  localStorage.clear()
  saveConsent(localStorage, 'refused', '1')
  expect(readConsent(localStorage, '2').state).toBe('refused')
})

test('a no after a yes takes the yes back', () => {
  saveConsent(localStorage, 'statistics', '1')
  expect(saveConsent(localStorage, 'refused', '1').state).toBe('withdrawn')
})

test('a choice that somebody broke counts as none', () => {
  for (const text of ['{', 'null', '{"state":"all","text_version":"1"}', '{"state":"statistics"}']) {
    localStorage.setItem('consent', text)
    expect(readConsent(localStorage, '1').state).toBe('unset')
  }
})

test.each<[ConsentState, boolean]>([
  ['unset', false],
  ['refused', false],
  ['withdrawn', false],
  ['necessary', true],
  ['statistics', true]
])('under %s sending is %s', (state, may) => {
  expect(maySend({ state, text_version: '1' })).toBe(may)
})
