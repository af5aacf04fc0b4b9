// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { IDLE_MS, watchIdle } from '../../src/ui/idle'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('three minutes without a touch are idle, a touch or a step begins them anew', () => {
  const onIdle = vi.fn()
  const idle = watchIdle(window, onIdle)
  vi.advanceTimersByTime(IDLE_MS - 1)
  window.dispatchEvent(new Event('pointerdown'))
  vi.advanceTimersByTime(IDLE_MS - 1)
  idle.stir()
  vi.advanceTimersByTime(IDLE_MS - 1)
  expect(onIdle).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(onIdle).toHaveBeenCalledOnce()
})

test('what was stopped never fires', () => {
  const onIdle = vi.fn()
  watchIdle(window, onIdle).stop()
  window.dispatchEvent(new Event('keydown'))
  vi.advanceTimersByTime(2 * IDLE_MS)
  expect(onIdle).not.toHaveBeenCalled()
})
