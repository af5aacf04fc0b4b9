import { beforeEach, expect, test } from 'vitest'
import { asksNotToFollow, maySend, readChoice, readConsent, saveConsent, type Wish } from '../src/consent'
import type { ConsentState } from '../src/wire'

// @vitest-environment happy-dom
beforeEach(() => localStorage.clear())

test('nothing is chosen at first', () => {
  expect(readConsent(localStorage, '1', {})).toEqual({ state: 'unset', text_version: '1' })
})

test('a choice is kept', () => {
  saveConsent(localStorage, 'statistics', '1')
  expect(readConsent(localStorage, '1', {}).state).toBe('statistics')
})

test('a yes to an older text is asked again, a no is not', () => {
  saveConsent(localStorage, 'necessary', '1')
  expect(readConsent(localStorage, '2', {}).state).toBe('unset')
  localStorage.clear()
  saveConsent(localStorage, 'refused', '1')
  expect(readConsent(localStorage, '2', {}).state).toBe('refused')
})

test('a no after a yes takes the yes back', () => {
  saveConsent(localStorage, 'statistics', '1')
  expect(saveConsent(localStorage, 'refused', '1').state).toBe('withdrawn')
})

test('a choice that somebody broke counts as none', () => {
  for (const text of ['{', 'null', '{"state":"all","text_version":"1"}', '{"state":"statistics"}']) {
    localStorage.setItem('consent', text)
    expect(readConsent(localStorage, '1', {}).state).toBe('unset')
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

const WISHES: [Wish, boolean][] = [
  [{}, false],
  [{ globalPrivacyControl: false, doNotTrack: null }, false],
  [{ doNotTrack: 'unspecified' }, false],
  [{ doNotTrack: '0' }, false],
  [{ doNotTrack: '1' }, true],
  [{ globalPrivacyControl: true }, true],
  [{ globalPrivacyControl: true, doNotTrack: '0' }, true]
]

test.each(WISHES)('what a browser asks with %o', (wish, asks) => {
  expect(asksNotToFollow(wish)).toBe(asks)
})

test.each<[ConsentState, ConsentState]>([
  ['unset', 'unset'],
  ['refused', 'refused'],
  ['withdrawn', 'withdrawn'],
  ['necessary', 'necessary'],
  ['statistics', 'necessary']
])('where the browser asks not to follow, %s holds as %s, and the choice stays as it was', (chosen, holds) => {
  localStorage.setItem('consent', JSON.stringify({ state: chosen, text_version: '1' }))
  expect(readConsent(localStorage, '1', { globalPrivacyControl: true }).state).toBe(holds)
  expect(readChoice(localStorage, '1').state).toBe(chosen)
})
