// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepRenewing } from '../../src/now'

let stop = (): void => undefined

const part = (count: string): string =>
  `<div class="now-shown" data-said="On site: ${count}"><p class="sentence">${count}</p></div>`

function get(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector)
  if (element === null) throw new Error(`no ${selector}`)
  return element
}

beforeEach(() => {
  vi.useFakeTimers()
  document.body.innerHTML = `<main><div class="now" data-each-s="60"><p class="now-lost" hidden></p>
    <p class="now-said" role="status"></p>${part('about 40')}</div></main>`
})

afterEach(() => {
  stop()
  vi.useRealTimers()
})

test('each minute the part is fetched, put in place of the old one, and said', async () => {
  const counts = ['about 50', 'about 60']
  const fetch_ = vi.fn(async () => new Response(`<html><body>${part(counts.shift() ?? '')}</body></html>`))
  vi.stubGlobal('fetch', fetch_)
  stop = keepRenewing(window, get('.now'))
  await vi.advanceTimersByTimeAsync(59_999)
  expect(fetch_).not.toHaveBeenCalled()
  expect(get('.now-said').textContent).toBe('')
  await vi.advanceTimersByTimeAsync(1)
  expect(get('.now-shown .sentence').textContent).toBe('about 50')
  expect(get('.now-said').textContent).toBe('On site: about 50')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(document.querySelectorAll('.now-shown')).toHaveLength(1)
  expect(get('.now-shown .sentence').textContent).toBe('about 60')
})

test('without a connection the old numbers stay and say that they are old, until the line is back', async () => {
  let there = false
  vi.stubGlobal('fetch', async () => {
    if (!there) throw new TypeError('no connection')
    return new Response(part('about 70'))
  })
  stop = keepRenewing(window, get('.now'))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(get('.now-lost').hidden).toBe(false)
  expect(get('.now').classList.contains('is-old')).toBe(true)
  expect(get('.now-shown .sentence').textContent).toBe('about 40')
  there = true
  await vi.advanceTimersByTimeAsync(60_000)
  expect(get('.now-lost').hidden).toBe(true)
  expect(get('.now').classList.contains('is-old')).toBe(false)
  expect(get('.now-shown .sentence').textContent).toBe('about 70')
})

test('the page of signing in is no answer: the numbers stay and say that they are old', async () => {
  vi.stubGlobal('fetch', async () => new Response('<html><body><form class="login"></form></body></html>'))
  stop = keepRenewing(window, get('.now'))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(get('.now-lost').hidden).toBe(false)
  expect(get('.now-shown .sentence').textContent).toBe('about 40')
})

test('a page that nobody sees asks for nothing, and asks at once when it is seen again', async () => {
  const fetch_ = vi.fn(async () => new Response(part('about 80')))
  vi.stubGlobal('fetch', fetch_)
  const visible = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  stop = keepRenewing(window, get('.now'))
  await vi.advanceTimersByTimeAsync(180_000)
  expect(fetch_).not.toHaveBeenCalled()
  visible.mockReturnValue('visible')
  document.dispatchEvent(new Event('visibilitychange'))
  await vi.advanceTimersByTimeAsync(1)
  expect(get('.now-shown .sentence').textContent).toBe('about 80')
  visible.mockRestore()
})
