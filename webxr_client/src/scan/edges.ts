/**
 * The corners of a QR code to a fraction of a pixel. Readers give them to a pixel or two, which would turn a sign by degrees;
 * so they are measured anew at the long straight edges that every code has: round its three finder patterns and, where there
 * is one, its last alignment pattern. Pure.
 */
import { findWarp, type Homography, mapSquare, type OnLine, project, unwarp, type Warp, warp } from '../align/plane'
import type { Pixel, Quad } from '../align/sign'

export interface Grey {
  width: number
  height: number
  data: Uint8Array | Uint8ClampedArray
}

export interface Measured {
  corners: Quad
  /** Deviation of a corner along one axis, from how well the edges agree. */
  noise_px: number
}

interface Edge {
  axis: 'x' | 'y'
  line: number
  /** Along the edge. */
  from: number
  to: number
}

const FINDER = 7
const SAMPLES = 8 // places along an edge at which it is looked for
const REACH = 0.85 // modules to both sides; next to an edge both colours last for one
const PROFILE = 18
const LEAST_CONTRAST = 24 // of 255
const FOUND_SHARE = 0.7
const OUTLIER = 0.3 // modules
const ROUNDS = 4
const LEAST_NOISE_PX = 0.25 // what lens and print keep, however well the edges agree
const SIZES = [21, 25, 29, 33, 37, 41, 45] // modules a side; larger ones no sign needs

/** Corners measured anew; null when no code is there. Readers that tell no number of modules leave it to be found. */
export function measureCorners(grey: Grey, corners: Quad, modules: number | null): Measured | null {
  if (modules !== null) return measure(grey, corners, modules)
  const tries = SIZES.flatMap((size) => [0, 1, 2, 3].map((turned) => measure(grey, turnedBy(corners, turned), size)))
  return tries.reduce(
    (best, one) => (one !== null && (best === null || one.noise_px < best.noise_px) ? one : best),
    null
  )
}

function turnedBy(corners: Quad, by: number): Quad {
  return corners.map((_, i) => corners[(i + by) % 4] ?? corners[0]) as unknown as Quad
}

function measure(grey: Grey, corners: Quad, modules: number): Measured | null {
  let [map, quad] = [mapSquare(modules, corners), corners]
  const edges = edgesOf(modules)
  for (let round = 0; round < ROUNDS; round++) {
    const found = edges.flatMap((edge) => findAlong(grey, map, edge, round === 0 ? 1.3 : OUTLIER))
    if (found.length < FOUND_SHARE * edges.length * SAMPLES) return null
    const by = warpOf(modules, found)
    if (by === null) return null
    quad = moved(map, modules, by)
    map = mapSquare(modules, quad)
    if (round === ROUNDS - 1) return { corners: quad, noise_px: noisePx(quad, modules, found, by) }
  }
  return null
}

function warpOf(modules: number, found: readonly OnLine[]): Warp | null {
  try {
    return findWarp(modules, found)
  } catch {
    return null // the edges that were found all lie in one part
  }
}

function moved(map: Homography, modules: number, by: Warp): Quad {
  const ends = [
    [0, 0],
    [modules, 0],
    [modules, modules],
    [0, modules]
  ]
  return ends.map(([x = 0, y = 0]) => {
    const place = unwarp(by, x, y)
    return project(map, place.x, place.y)
  }) as unknown as Quad
}

/** What the edges are off after all, spread over the corners: they are known about as well as three places of an edge. */
function noisePx(quad: Quad, modules: number, found: readonly OnLine[], by: Warp): number {
  const squares = found.map((one) => {
    const gone = warp(by, one.x, one.y)
    return (one.line - (one.axis === 'x' ? gone.x : gone.y)) ** 2
  })
  const off = Math.sqrt(squares.reduce((sum, v) => sum + v, 0) / squares.length)
  const [a, b, c] = quad
  const module_px = (Math.hypot(b.x - a.x, b.y - a.y) + Math.hypot(c.x - b.x, c.y - b.y)) / 2 / modules
  return Math.hypot(LEAST_NOISE_PX, off * module_px)
}

/** The straight edges of a code of so many modules. */
function edgesOf(modules: number): Edge[] {
  const far = modules - FINDER
  const finders = [
    [0, 0],
    [far, 0],
    [0, far]
  ].flatMap(([x = 0, y = 0]) => square(x, y, FINDER))
  // inside its ring, since what is outside may be dark too
  return modules === 21 ? finders : [...finders, ...square(modules - 8, modules - 8, 3)]
}

function square(x: number, y: number, side: number): Edge[] {
  return [x, x + side]
    .map((line): Edge => ({ axis: 'x', line, from: y, to: y + side }))
    .concat([y, y + side].map((line): Edge => ({ axis: 'y', line, from: x, to: x + side })))
}

function findAlong(grey: Grey, map: Homography, { axis, line, from, to }: Edge, most: number): OnLine[] {
  const found: OnLine[] = []
  for (let i = 0; i < SAMPLES; i++) {
    const along = from + ((i + 0.5) / SAMPLES) * (to - from)
    const off = crossing(grey, map, axis, line, along)
    if (off === null || Math.abs(off) > most) continue
    found.push(axis === 'x' ? { axis, line, x: line + off, y: along } : { axis, line, x: along, y: line + off })
  }
  return found
}

/** How far beside its line, in modules, an edge is seen; null where there is none. */
function crossing(grey: Grey, map: Homography, axis: 'x' | 'y', line: number, along: number): number | null {
  const values: number[] = []
  for (let i = 0; i <= PROFILE; i++) {
    const across = line + REACH * ((2 * i) / PROFILE - 1)
    const value = brightness(grey, axis === 'x' ? project(map, across, along) : project(map, along, across))
    if (value === null) return null
    values.push(value)
  }
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (high - low < LEAST_CONTRAST) return null
  const middle = (low + high) / 2
  const crossings = values.flatMap((value, i) => {
    const next = values[i + 1]
    if (next === undefined || value < middle === next < middle) return []
    return [REACH * ((2 * (i + (middle - value) / (next - value))) / PROFILE - 1)]
  })
  return crossings.reduce(
    (near: number | null, one) => (near === null || Math.abs(one) < Math.abs(near) ? one : near),
    null
  )
}

/** Between the four pixels around a place; null outside the picture. */
function brightness({ width, height, data }: Grey, { x, y }: Pixel): number | null {
  const [px, py] = [x - 0.5, y - 0.5]
  const [left, top] = [Math.floor(px), Math.floor(py)]
  if (!(left >= 0 && top >= 0 && left < width - 1 && top < height - 1)) return null
  const [fx, fy] = [px - left, py - top]
  const value = (column: number, row: number): number => data[(top + row) * width + left + column] ?? 0
  const above = value(0, 0) * (1 - fx) + value(1, 0) * fx
  const below = value(0, 1) * (1 - fx) + value(1, 1) * fx
  return above * (1 - fy) + below * fy
}
