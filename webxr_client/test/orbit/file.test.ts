import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SILENCE_MS } from '../../src/download'
import { fetchBytes, type ModelUnavailable } from '../../src/orbit/file'

const URL = '/packages/a/lod2.glb'
const going = (): AbortSignal => new AbortController().signal

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A server that answers so; a request that is given up fails as in a browser. */
function serve(answer: Response | 'silence'): void {
  vi.stubGlobal('fetch', async (_: string, { signal }: { signal: AbortSignal }) => {
    signal.throwIfAborted()
    if (answer !== 'silence') return answer
    return new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason)))
  })
}

/** Why it could not be had. */
function problemOf(signal: AbortSignal): Promise<string> {
  return fetchBytes(URL, signal, () => undefined).then(
    () => 'none',
    ({ problem }: ModelUnavailable) => problem
  )
}

test('the bytes of a file, counted as they come', async () => {
  serve(new Response('the gate'))
  let bytes = 0
  const data = await fetchBytes(URL, going(), (more) => {
    bytes += more
  })
  expect(new TextDecoder().decode(data)).toBe('the gate')
  expect(bytes).toBe(data.byteLength)
})

test.each([
  [410, 'withdrawn'],
  [404, 'load_failed'],
  [500, 'load_failed']
])('an answer of %i is said as %s', async (status, problem) => {
  serve(new Response('', { status }))
  expect(await problemOf(going())).toBe(problem)
})

test('a connection that says nothing is given up, so that the page can offer to try again', async () => {
  serve('silence')
  const problem = problemOf(going())
  await vi.advanceTimersByTimeAsync(SILENCE_MS)
  expect(await problem).toBe('load_failed')
})

test('a file nobody wants any more is no failure of the connection', async () => {
  serve('silence')
  const leaving = new AbortController()
  const problem = problemOf(leaving.signal)
  leaving.abort()
  expect(await problem).toBe('aborted')
})

test('a file given up before it was asked for is not waited for', async () => {
  serve('silence')
  expect(await problemOf(AbortSignal.abort())).toBe('aborted')
})
