import { expect, test } from 'vitest'
import { ModelUnavailable } from '../../src/orbit/file'
import { loadModel } from '../../src/orbit/model'

function load(data: ArrayBuffer): Promise<unknown> {
  const fetched = { url: '/packages/a.glb', data }
  return loadModel('/packages/a.glb', {
    signal: new AbortController().signal,
    onBytes: () => undefined,
    purse: { left_bytes: 1 },
    fetched
  })
}

test.each([
  ['of another kind', new TextEncoder().encode('<!doctype html>').buffer],
  ['that is empty', new ArrayBuffer(0)]
])('a file %s came whole and is no model of ours: broken, and no fault of the line', async (_, data) => {
  const problem = await load(data).catch((error: unknown) =>
    error instanceof ModelUnavailable ? error.problem : error
  )
  expect(problem).toBe('broken')
})
