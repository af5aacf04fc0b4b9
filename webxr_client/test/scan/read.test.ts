import { describe, expect, test } from 'vitest'
import type { Quad } from '../../src/align/sign'
import { codeOf, openDetector } from '../../src/scan/detect'
import { measureCorners } from '../../src/scan/edges'
import { readCode } from '../../src/scan/reader'
import { greyOf, modulesOf, paint } from './paint'

const ADDRESS = 'https://dejima.example/s/SUIMON1'
const TILTED: Quad = [
  { x: 210.3, y: 120.7 },
  { x: 398.2, y: 141.4 },
  { x: 390.9, y: 330.2 },
  { x: 205.6, y: 318.9 }
]

function offPx(a: Quad, b: Quad): number {
  return Math.max(...a.map((corner, i) => Math.hypot(corner.x - (b[i]?.x ?? 0), corner.y - (b[i]?.y ?? 0))))
}

describe('a code in perspective', () => {
  const modules = modulesOf(ADDRESS)
  const picture = paint(modules, TILTED, 600, 450)

  test("is read by the page's own reader", async () => {
    const seen = await readCode(picture)
    expect(seen?.text).toBe(ADDRESS)
    expect(seen?.modules).toBe(modules.length)
    expect(offPx(seen?.corners ?? TILTED, TILTED)).toBeLessThan(4)
  })

  test('has its corners measured to a quarter of a pixel', async () => {
    const seen = await readCode(picture)
    const measured = measureCorners(greyOf(picture), seen?.corners ?? TILTED, seen?.modules ?? null)
    expect(measured).not.toBeNull()
    expect(offPx(measured?.corners ?? ([...TILTED].reverse() as unknown as Quad), TILTED)).toBeLessThan(0.25)
    expect(measured?.noise_px).toBeLessThan(0.6)
  })

  test('also from corners that are pixels off, in another order, and without the number of modules', () => {
    const rough = TILTED.map(({ x, y }, i) => ({
      x: Math.round(x) + ([3, -2, 2, -3][i] ?? 0),
      y: Math.round(y) + ([-2, 3, 2, 1][i] ?? 0)
    }))
    const turned = [...rough.slice(1), rough[0]] as unknown as Quad
    const measured = measureCorners(greyOf(picture), turned, null)
    expect(measured).not.toBeNull()
    expect(offPx(measured?.corners ?? turned, TILTED)).toBeLessThan(0.3)
  })

  test('is not found where there is none', () => {
    const blank = { ...greyOf(picture), data: new Uint8Array(600 * 450).fill(200) }
    expect(measureCorners(blank, TILTED, modules.length)).toBeNull()
    expect(measureCorners(blank, TILTED, null)).toBeNull()
    const elsewhere = TILTED.map(({ x, y }) => ({ x: x - 190, y: y + 60 })) as unknown as Quad
    expect(measureCorners(greyOf(picture), elsewhere, null)).toBeNull()
  })
})

test('a picture without a code reads as none', async () => {
  const data = new Uint8ClampedArray(64 * 64 * 4).fill(128)
  expect(await readCode({ data, width: 64, height: 64, colorSpace: 'srgb' } as ImageData)).toBeNull()
})

test.each([
  ['https://dejima.example/s/SUIMON1', 'SUIMON1'],
  ['http://192.0.2.7:8080/s/kapitan1/', 'KAPITAN1'],
  ['HTTPS://DEJIMA.EXAMPLE/S/SUIMON1?x=1', 'SUIMON1'],
  ['https://dejima.example/s/AB', null],
  ['https://dejima.example/en/s/SUIMON1', null],
  ['SUIMON1', null],
  ['WIFI:T:WPA;S:SUIMON1;;', null]
])('%s names the sign %s', (text, code) => {
  expect(codeOf(text)).toBe(code)
})

describe("the browser's own reader", () => {
  function viewWith(formats: string[], detect: () => Promise<unknown>): Window {
    class BarcodeDetector {
      static getSupportedFormats = () => Promise.resolve(formats)
      detect = detect
    }
    return { BarcodeDetector } as unknown as Window
  }
  Object.assign(globalThis, {
    ImageData: class {
      data = new Uint8ClampedArray(256)
      width = 8
      height = 8
    }
  })

  test('is preferred where it reads QR codes', async () => {
    const detect = await openDetector(
      viewWith(['qr_code'], () => Promise.resolve([{ rawValue: 'x', cornerPoints: TILTED }]))
    )
    expect(await detect(new ImageData(8, 8))).toEqual({ text: 'x', corners: TILTED, modules: null })
  })

  test.each([
    ['reads no QR codes', viewWith(['ean_13'], () => Promise.resolve([]))],
    ['fails at its first use', viewWith(['qr_code'], () => Promise.reject(new Error('no service')))],
    ['is missing', {} as Window]
  ])('gives way to the page where it %s', async (_, view) => {
    expect(await openDetector(view)).toBe(readCode)
  })
})
