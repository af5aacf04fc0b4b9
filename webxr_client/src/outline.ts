/** The corners of an outline while somebody draws it, with every step back and forth. Pure. */

/** One corner as it is typed, which may not be a place yet. */
export interface Row {
  readonly lat: string
  readonly lon: string
}

/** What is drawn, which corner is marked (-1: none), and what was drawn before and after. */
export interface Sketch {
  readonly rows: readonly Row[]
  readonly chosen: number
  readonly past: readonly (readonly Row[])[]
  readonly future: readonly (readonly Row[])[]
}

/** A point on the map, in its metres: x east, y south. */
export type Spot = readonly [x: number, y: number]

export const MOST_CORNERS = 200
const DECIMALS = 7 // a centimetre
const MOST_STEPS = 200

export function begin(rows: readonly Row[]): Sketch {
  return { rows, chosen: rows.length - 1, past: [], future: [] }
}

/** The sketch with other rows, as one step; the same rows are no step. */
export function change(sketch: Sketch, rows: readonly Row[], chosen = sketch.chosen): Sketch {
  const kept = Math.min(chosen, rows.length - 1)
  if (isSame(rows, sketch.rows)) return { ...sketch, chosen: kept }
  return { rows, chosen: kept, past: [...sketch.past, sketch.rows].slice(-MOST_STEPS), future: [] }
}

/** Another corner after one of them, which is then marked; after -1 it is the first. */
export function add(sketch: Sketch, row: Row, after = sketch.chosen): Sketch {
  if (sketch.rows.length >= MOST_CORNERS) return sketch
  return change(sketch, [...sketch.rows.slice(0, after + 1), row, ...sketch.rows.slice(after + 1)], after + 1)
}

export function move(sketch: Sketch, corner: number, row: Row): Sketch {
  return change(
    sketch,
    sketch.rows.map((one, at) => (at === corner ? row : one)),
    corner
  )
}

/** Without a corner; the one before it is marked, so that the next goes where this one was. */
export function takeOut(sketch: Sketch, corner: number): Sketch {
  if (sketch.rows[corner] === undefined) return sketch
  const rows = sketch.rows.filter((_, at) => at !== corner)
  return change(sketch, rows, corner === 0 ? rows.length - 1 : corner - 1)
}

export function undo(sketch: Sketch): Sketch {
  const rows = sketch.past.at(-1)
  if (rows === undefined) return sketch
  const chosen = Math.min(sketch.chosen, rows.length - 1)
  return { rows, chosen, past: sketch.past.slice(0, -1), future: [sketch.rows, ...sketch.future] }
}

export function redo(sketch: Sketch): Sketch {
  const rows = sketch.future[0]
  if (rows === undefined) return sketch
  const chosen = Math.min(sketch.chosen, rows.length - 1)
  return { rows, chosen, past: [...sketch.past, sketch.rows], future: sketch.future.slice(1) }
}

function isSame(a: readonly Row[], b: readonly Row[]): boolean {
  return a.length === b.length && a.every(({ lat, lon }, at) => lat === b[at]?.lat && lon === b[at]?.lon)
}

/** A number as people type it, full-width digits and decimal commas included; the server reads the same. */
export function readNumber(text: string): number {
  const plain = text.normalize('NFKC').trim().replace(',', '.').replace('−', '-')
  return /^[+-]?\d{1,7}(\.\d{1,12})?$/.test(plain) ? Number(plain) : Number.NaN
}

export function sayPlace({ lat, lon }: { lat: number; lon: number }): Row {
  return { lat: lat.toFixed(DECIMALS), lon: lon.toFixed(DECIMALS) }
}

/** The corner that lies nearest to a spot, within so many metres; -1 where none does. */
export function findCorner(corners: readonly (Spot | null)[], [x, y]: Spot, reach_m: number): number {
  let found = -1
  let nearest_m = reach_m
  for (const [at, corner] of corners.entries()) {
    const away_m = corner === null ? Number.POSITIVE_INFINITY : Math.hypot(corner[0] - x, corner[1] - y)
    if (away_m <= nearest_m) [found, nearest_m] = [at, away_m]
  }
  return found
}

/** The line that runs nearest to a spot, within so many metres, by the corner it begins at; -1 where none does. */
export function findSide(corners: readonly (Spot | null)[], spot: Spot, reach_m: number): number {
  let found = -1
  let nearest_m = reach_m
  for (const [at, from] of corners.entries()) {
    const to = corners[(at + 1) % corners.length]
    if (from === null || to === null || to === undefined) continue
    const away_m = awayFrom(from, to, spot)
    if (away_m <= nearest_m) [found, nearest_m] = [at, away_m]
  }
  return found
}

function awayFrom([fromX, fromY]: Spot, [toX, toY]: Spot, [x, y]: Spot): number {
  const [runX, runY] = [toX - fromX, toY - fromY]
  const along = ((x - fromX) * runX + (y - fromY) * runY) / (runX * runX + runY * runY || 1)
  const part = Math.max(0, Math.min(1, along))
  return Math.hypot(fromX + part * runX - x, fromY + part * runY - y)
}

/** A part of the map: its west and north end, how wide and how deep it is, in metres. */
export interface View {
  x: number
  y: number
  width: number
  height: number
}

/** A view nearer (by less than 1) or farther, round its own middle; never beyond twice the whole map, nor below 5 m. */
export function zoom(view: View, by: number, whole: View): View {
  const width = Math.max(5, Math.min(2 * whole.width, view.width * by))
  const height = (width * whole.height) / whole.width
  return { x: view.x + (view.width - width) / 2, y: view.y + (view.height - height) / 2, width, height }
}

/** The view that has all of some spots in it, with room round them to draw in, in the shape of the whole map. */
export function fit(spots: readonly Spot[], whole: View, least_m = 40): View {
  if (spots.length === 0) return whole
  const [xs, ys] = [spots.map(([x]) => x), spots.map(([, y]) => y)]
  const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const width = Math.max(least_m, 1.6 * (east - west), (1.6 * (south - north) * whole.width) / whole.height)
  const height = (width * whole.height) / whole.width
  return { x: (west + east - width) / 2, y: (north + south - height) / 2, width, height }
}
