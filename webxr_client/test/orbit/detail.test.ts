import { describe, expect, test } from 'vitest'
import { chooseLevels, IN_VIEW, type Seen } from '../../src/orbit/detail'
import type { Lod } from '../../src/wire'

const LODS: Lod[] = [
  { url: 'lod0.glb', triangles: 100_000, bytes: 1_300_000, texture_px: 2048 },
  { url: 'lod1.glb', triangles: 25_000, bytes: 800_000, texture_px: 1024 },
  { url: 'lod2.glb', triangles: 5_000, bytes: 200_000, texture_px: 512 }
]

function seen(size_px: number, standing: number | null = null, values: Partial<Seen> = {}): Seen {
  return { lods: LODS, finest: 0, standing, size_px, ...values }
}

test.each([
  [150, 2],
  [400, 1],
  [900, 0],
  [0, 2]
])('of %d pixels, level %d', (size_px, level) => {
  expect(chooseLevels([seen(size_px)])).toEqual([level])
})

test('never finer than the device may have', () => {
  expect(chooseLevels([seen(2000, null, { finest: 1 })])).toEqual([1])
})

describe('a model that is turned about at the border between two levels', () => {
  test('keeps the one it has', () => {
    for (const size_px of [440, 456, 480]) {
      expect(chooseLevels([seen(size_px, 1)])).toEqual([1])
    }
    for (const size_px of [480, 456, 440]) {
      expect(chooseLevels([seen(size_px, 0)])).toEqual([0])
    }
  })

  test('changes it when it is clearly nearer or farther', () => {
    expect(chooseLevels([seen(600, 1)])).toEqual([0])
    expect(chooseLevels([seen(300, 0)])).toEqual([1])
  })
})

describe('models together', () => {
  test('stay within the triangles in view, the small ones giving way first', () => {
    const chosen = chooseLevels([seen(1700), seen(1000), seen(500)])
    const total = chosen.reduce((sum, level) => sum + (LODS[level]?.triangles ?? 0), 0)
    expect(total).toBeLessThanOrEqual(IN_VIEW.triangles)
    expect(chosen[0]).toBe(0)
    expect(chosen[2]).toBe(1)
  })

  test('stay within the memory of their pictures', () => {
    const chosen = chooseLevels([seen(1300), seen(1100)], { triangles: 1e9, pictures_bytes: 30 << 20 })
    expect(chosen).toEqual([0, 1])
  })

  test('out of sight they cost nothing', () => {
    expect(chooseLevels([seen(900, 0), seen(0, 2), seen(0, 2)])).toEqual([0, 2, 2])
  })

  test('when nothing fits, all are as coarse as can be', () => {
    expect(chooseLevels([seen(900), seen(900)], { triangles: 10, pictures_bytes: 10 })).toEqual([2, 2])
  })
})
