import encodeQR from 'qr'
import { mapSquare, project } from '../../src/align/plane'
import type { Quad } from '../../src/align/sign'

/** A code's modules, dark ones true. */
export function modulesOf(text: string): boolean[][] {
  return encodeQR(text, 'raw', { border: 1 })
    .slice(1, -1)
    .map((row) => row.slice(1, -1))
}

const FINE = 3

/** A picture with the code at four corners, its quiet zone white and all around grey; each pixel the mean of nine places. */
export function paint(modules: boolean[][], corners: Quad, width: number, height: number): ImageData {
  const side = modules.length
  const back = invertMap(mapSquare(side, corners))
  const data = new Uint8ClampedArray(width * height * 4).fill(120)
  const [left, right] = rangeOf(corners.map(({ x }) => x))
  const [top, bottom] = rangeOf(corners.map(({ y }) => y))
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
      let sum = 0
      for (let i = 0; i < FINE * FINE; i++) {
        const at = project(back, x + ((i % FINE) + 0.5) / FINE, y + (Math.floor(i / FINE) + 0.5) / FINE)
        sum += brightness(modules, side, at)
      }
      data.fill(sum / FINE / FINE, (y * width + x) * 4, (y * width + x) * 4 + 3)
    }
  }
  return { data, width, height, colorSpace: 'srgb' } as ImageData
}

/** Wide enough for the quiet zone. */
function rangeOf(values: number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return [Math.floor(low - 0.35 * (high - low)), Math.ceil(high + 0.35 * (high - low))]
}

function brightness(modules: boolean[][], side: number, { x, y }: { x: number; y: number }): number {
  if (x < -4 || y < -4 || x >= side + 4 || y >= side + 4) return 120
  return modules[Math.floor(y)]?.[Math.floor(x)] === true ? 30 : 225
}

/** By the matrix of cofactors, which is the inverse but for a factor. */
function invertMap(map: readonly number[]): number[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 1] = map
  const whole = [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d
  ]
  return whole.map((value) => value / (whole[8] ?? 1))
}

/** The grey picture of a coloured one. */
export function greyOf({ data, width, height }: ImageData): { data: Uint8Array; width: number; height: number } {
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, i) => data[i * 4] ?? 0) }
}
