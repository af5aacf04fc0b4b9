import { expect, test, vi } from 'vitest'
import { readsAvif } from '../src/device'

test('a browser that decodes AVIF is told by letting it decode one', async () => {
  let asked: Blob | null = null
  vi.stubGlobal('createImageBitmap', async (file: Blob) => {
    asked = file
    return { close: () => undefined }
  })
  expect(await readsAvif()).toBe(true)
  const bytes = new Uint8Array(await (asked as unknown as Blob).arrayBuffer())
  expect(new TextDecoder().decode(bytes.subarray(4, 12))).toBe('ftypavif')
})

test.each([
  ['refuses it', () => Promise.reject(new DOMException('', 'InvalidStateError'))],
  ['has no such function', undefined]
])('a browser that %s gets WebP', async (_, decode) => {
  vi.stubGlobal('createImageBitmap', decode)
  expect(await readsAvif()).toBe(false)
})
