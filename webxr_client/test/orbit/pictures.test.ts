import { expect, test, vi } from 'vitest'
import { readPicture } from '../../src/orbit/pictures'

const FULL_BYTES = (2048 * 2048 * 16) / 3

/** Decodes to 2,048 px, and to whatever size is asked for after that. */
function decode(): { closed: number[] } {
  const closed: number[] = []
  vi.stubGlobal('createImageBitmap', async (_: unknown, { resizeWidth = 2048 }: ImageBitmapOptions = {}) => ({
    width: resizeWidth,
    height: resizeWidth,
    close: () => closed.push(resizeWidth)
  }))
  return { closed }
}

test.each([
  [FULL_BYTES, 2048, []],
  [FULL_BYTES - 1, 1024, [2048]],
  [FULL_BYTES / 16, 512, [2048, 1024]],
  [0, 256, [2048, 1024, 512]]
])('with %i bytes left a colour picture of 2,048 px is shown with %i', async (left_bytes, side, freed) => {
  const { closed } = decode()
  const texture = await readPicture(new Blob(), true, { left_bytes })
  expect(texture?.image).toMatchObject({ width: side })
  expect(closed).toEqual(freed)
})

test('a map of numbers is shown whole or not at all', async () => {
  const { closed } = decode()
  expect(await readPicture(new Blob(), false, { left_bytes: FULL_BYTES - 1 })).toBeNull()
  expect(closed).toEqual([2048])
  expect((await readPicture(new Blob(), false, { left_bytes: FULL_BYTES }))?.image).toMatchObject({ width: 2048 })
})

test('a browser that cannot make pictures smaller shows them whole', async () => {
  vi.stubGlobal('createImageBitmap', async () => ({ width: 2048, height: 2048, close: () => undefined }))
  expect((await readPicture(new Blob(), true, { left_bytes: 0 }))?.image).toMatchObject({ width: 2048 })
})
