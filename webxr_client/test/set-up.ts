/** After each test the clock is the real one again: files share a process, and the next one waits for timers that fire. */
import { afterEach, vi } from 'vitest'

afterEach(() => {
  vi.useRealTimers()
})
