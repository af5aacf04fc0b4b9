// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest'
import { setUpGuard } from '../src/reload-guard'

/** A page of a tab whose storage outlives it. */
function openPage(navigation: 'navigate' | 'reload' = 'navigate') {
  const target = new EventTarget()
  const view = Object.assign(target, {
    performance: { getEntriesByType: () => [{ type: navigation }] }
  }) as unknown as Window
  return { view, ...setUpGuard(view, sessionStorage) }
}

beforeEach(() => sessionStorage.clear())

test('a tab that died while the camera was on is known by the next page', () => {
  openPage().guard.begin('window')
  expect(openPage().broken).toBe('window')
  expect(openPage().broken).toBeNull() // and told only once
})

test('what has ended as it should is no break', () => {
  const { guard } = openPage()
  guard.begin('ar')
  guard.end()
  expect(openPage().broken).toBeNull()
})

test('loading again in the middle of it is a break; going elsewhere and coming back is none', () => {
  const first = openPage()
  first.guard.begin('ar')
  first.view.dispatchEvent(new Event('pagehide'))
  first.guard.end() // the session stops because the page goes
  expect(openPage('reload').broken).toBe('ar')

  const second = openPage()
  second.guard.begin('ar')
  second.view.dispatchEvent(new Event('pagehide'))
  expect(openPage('navigate').broken).toBeNull()
})

test('a page that comes back from the cache of the back button ends as ever', () => {
  const { view, guard } = openPage()
  guard.begin('window')
  view.dispatchEvent(new Event('pagehide'))
  view.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  guard.end()
  expect(openPage('reload').broken).toBeNull()
})

test('only ways that can break are believed', () => {
  sessionStorage.setItem('looking', 'dancing')
  expect(openPage('reload').broken).toBeNull()
})
