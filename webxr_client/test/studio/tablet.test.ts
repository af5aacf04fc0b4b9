// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepShowing } from '../../src/tablet'

const QR = '<svg viewBox="0 0 9 9"><path d="M1 1"/></svg>'
let stop = (): void => undefined

beforeEach(() => {
  vi.useFakeTimers()
  document.body.innerHTML = `
    <div class="tablet" data-now="/tablets/now" data-ms="20000"><span class="tablet-code"><svg></svg></span>
    <p class="big-code">AAA-AAA-AAA</p><p class="tablet-left"><span></span></p><div class="tablet-lost" hidden></div></div>`
})

afterEach(() => {
  stop()
  vi.useRealTimers()
})

function get(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector)
  if (element === null) throw new Error(`no ${selector}`)
  return element
}

test('the next code is fetched as the old one ends, and again when that one does', async () => {
  const codes = ['BBB-BBB-BBB', 'CCC-CCC-CCC']
  const fetch_ = vi.fn(async () => new Response(JSON.stringify({ code: codes.shift(), qr: QR, ms: 30_000 })))
  vi.stubGlobal('fetch', fetch_)
  stop = keepShowing(window, get('.tablet'))
  await vi.advanceTimersByTimeAsync(19_999)
  expect(fetch_).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(get('.big-code').textContent).toBe('BBB-BBB-BBB')
  expect(get('.tablet-code path').getAttribute('d')).toBe('M1 1')
  await vi.advanceTimersByTimeAsync(30_000)
  expect(get('.big-code').textContent).toBe('CCC-CCC-CCC')
})

test('without a connection an old code is hidden with a word, and comes back by itself', async () => {
  let there = false
  vi.stubGlobal('fetch', async () => {
    if (!there) throw new TypeError('no connection')
    return new Response(JSON.stringify({ code: 'DDD-DDD-DDD', qr: QR, ms: 30_000 }))
  })
  stop = keepShowing(window, get('.tablet'))
  await vi.advanceTimersByTimeAsync(20_001)
  expect(get('.tablet-lost').hidden).toBe(false)
  expect(get('.tablet').classList.contains('is-old')).toBe(true)
  there = true
  await vi.advanceTimersByTimeAsync(3000)
  expect(get('.tablet-lost').hidden).toBe(true)
  expect(get('.big-code').textContent).toBe('DDD-DDD-DDD')
})
