import { expect, test } from 'vitest'
import { fileOf, pickLevel, pictureBudget } from '../src/capability'
import type { Device } from '../src/device'
import type { Lod } from '../src/wire'

const GOOD: Device = {
  webgl2: true,
  immersiveAr: true,
  immersiveVr: false,
  secure: true,
  camera: true,
  motion: 'free',
  quickLook: false,
  reducedMotion: false,
  saveData: false,
  effectiveType: '4g',
  memory_gb: 8,
  maxTexture_px: 8192,
  avif: false,
  older: false
}
const LODS: Lod[] = [
  { url: 'lod0.glb', triangles: 100_000, bytes: 2_400_000, texture_px: 2048 },
  { url: 'lod1.glb', triangles: 25_000, bytes: 1_200_000, texture_px: 2048 },
  { url: 'lod2.glb', triangles: 5_000, bytes: 260_000, texture_px: 1024 }
]

test.each<[string, Partial<Device>, number]>([
  ['a good phone gets the finest', {}, 0],
  ['a browser that tells nothing gets the finest', { effectiveType: null, memory_gb: null }, 0],
  ['whoever saves data never gets the finest', { saveData: true }, 1],
  ['a slow connection gets less', { effectiveType: '3g' }, 1],
  ['a very slow one too', { effectiveType: '2g' }, 1],
  ['little memory gets less', { memory_gb: 1 }, 1],
  ['a browser of long ago gets less, as its phone says nothing of its memory', { older: true, memory_gb: null }, 1],
  ['small textures rule the larger ones out', { maxTexture_px: 1024 }, 2]
])('%s', (_, traits, level) => {
  expect(pickLevel(LODS, { ...GOOD, ...traits })).toBe(level)
})

test('saving data rules out the finest even when it is small', () => {
  const small = LODS.map((lod) => ({ ...lod, triangles: 1000, bytes: 1000 }))
  expect(pickLevel(small, { ...GOOD, saveData: true })).toBe(1)
})

test('when no level fits, the coarsest is shown', () => {
  const huge = LODS.map((lod) => ({ ...lod, triangles: 900_000 }))
  expect(pickLevel(huge, GOOD)).toBe(2)
})

test('a package of one level shows that, also when data is saved', () => {
  expect(pickLevel(LODS.slice(0, 1), { ...GOOD, saveData: true })).toBe(0)
})

const BOTH: Lod = { ...(LODS[1] as Lod), avif: { url: 'lod1.avif.glb', bytes: 700_000 } }

test('a smaller file is taken where its pictures can be decoded', () => {
  expect(fileOf(BOTH, { ...GOOD, avif: true }).url).toBe('lod1.avif.glb')
  expect(fileOf(BOTH, GOOD).url).toBe('lod1.glb')
  expect(fileOf(LODS[1] as Lod, { ...GOOD, avif: true }).url).toBe('lod1.glb')
})

test('a level counts with the bytes of the file that would be loaded', () => {
  const heavy = [{ ...BOTH, bytes: 20_000_000 }, LODS[2] as Lod]
  expect(pickLevel(heavy, GOOD)).toBe(1)
  expect(pickLevel(heavy, { ...GOOD, avif: true })).toBe(0)
})

test('phones with little memory show smaller pictures and fewer maps', () => {
  expect(pictureBudget({ ...GOOD, memory_gb: 1 })).toBeLessThan(pictureBudget(GOOD))
  expect(pictureBudget({ ...GOOD, older: true, memory_gb: null })).toBe(24 << 20)
  expect(pictureBudget({ ...GOOD, memory_gb: null })).toBe(64 << 20)
})
