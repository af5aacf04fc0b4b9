/** Visits by day: a bar as wide as the days it stands for and as high as their mean, with what it is compared with as lines. */
import * as Plot from '@observablehq/plot'
import { common, type Look, widthOf } from './look'
import type { Band, Drawn } from './table'

interface Step {
  from: Date
  until: Date
  value: number
  first: boolean
  mark: string
}

interface Line {
  steps: Step[]
  name: string
  colour: string
  dash: string
}

/** The days of a chart, in ms; what begins late has its name before its end. */
interface Span {
  from: number
  until: number
  late: Date
}

const MOST_BANDS = 4
const BAND_PX = 20

/** Columns of the table: visits, a day now, a day before, a day last year. */
const NOW = 1
const BEFORE = 2
const YEAR = 3

export function plotDays(table: Drawn, look: Look, bands: Band[]): Element {
  const now = stepsOf(table, NOW)
  const lines: Line[] = [
    { steps: stepsOf(table, BEFORE), name: table.series[BEFORE]?.name ?? '', colour: look.tile, dash: '2,4' },
    { steps: stepsOf(table, YEAR), name: table.series[YEAR]?.name ?? '', colour: look.sea, dash: '8,4' }
  ]
  const span = spanOf(now)
  const rows = layBands(bands, span, look)
  const depth = rows.length * BAND_PX
  const marked = now.filter((step) => step.mark !== '')
  const most = Math.max(1, ...[now, ...lines.map((line) => line.steps)].flat().map((step) => step.value))
  const height = 300 + depth
  return Plot.plot({
    ...common(look),
    height,
    marginLeft: 48,
    marginRight: 8,
    marginTop: 36,
    marginBottom: 36 + depth,
    x: { type: 'utc', label: null, ticks: Math.max(3, Math.floor(look.width / 120)), tickFormat: dayWords(look) },
    y: { label: null, domain: [0, most], ticks: 4, grid: true, tickSize: 0 },
    marks: [
      Plot.rectY(now, {
        x1: 'from',
        x2: 'until',
        y1: 0,
        y2: 'value',
        fill: (step: Step) => (step.first ? look.vermilion : look.ink),
        insetLeft: 0.5,
        insetRight: 0.5
      }),
      ...lines.flatMap((line, at) => lineMarks(line, at, look)),
      Plot.text(marked, {
        x: (step: Step) => middleOf(step),
        y: 'value',
        text: () => '●',
        dy: -9,
        fontSize: 9,
        fill: look.lantern
      }),
      ...rows.flatMap((row, at) => bandMarks(row, 36 + at * BAND_PX, look, span.late)),
      Plot.ruleY([0], { stroke: look.tile })
    ]
  })
}

/** A line that is compared with, on a rim of the ground so that it is seen on bars too, and its name at the top. */
function lineMarks({ steps, name, colour, dash }: Line, at: number, look: Look): Plot.Markish[] {
  if (steps.length === 0) return []
  const points = middles(steps)
  const words = { frameAnchor: 'top-right' as const, dy: -30 + at * 18, fill: colour }
  return [
    Plot.line(points, { x: 'at', y: 'value', stroke: look.plaster, strokeWidth: 6 }),
    Plot.line(points, { x: 'at', y: 'value', stroke: colour, strokeWidth: 2.5, strokeDasharray: dash }),
    Plot.text([name], { ...words, text: (words: string) => `┅ ${words}` })
  ]
}

function stepsOf(table: Drawn, series: number): Step[] {
  return table.heads.flatMap((_, at) => {
    const value = table.series[series]?.values[at]
    const days = table.days[at]
    if (value == null || days == null) return []
    return [{ from: days[0], until: days[1], value, first: at === table.first, mark: table.marks[at] ?? '' }]
  })
}

function middleOf(step: Step): Date {
  return new Date((step.from.getTime() + step.until.getTime()) / 2)
}

function middles(steps: Step[]): { at: Date; value: number }[] {
  return steps.map((step) => ({ at: middleOf(step), value: step.value }))
}

function dayWords(look: Look): (date: Date) => string {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    timeZone: 'UTC',
    month: look.narrow ? 'numeric' : 'short',
    day: 'numeric'
  })
  return (date) => format.format(date)
}

/** Bands with their names in as few rows as leave none upon another; for what four cannot hold there is the list below. */
function layBands(bands: Band[], span: Span, look: Look): Band[][] {
  const rows: { bands: Band[]; taken: [number, number][] }[] = []
  for (const band of bands) {
    const room = roomOf(band, span, look)
    let row = rows.find((one) => one.taken.every(([from, until]) => room[1] <= from || until <= room[0]))
    if (row === undefined && rows.length < MOST_BANDS) {
      row = { bands: [], taken: [] }
      rows.push(row)
    }
    row?.bands.push(band)
    row?.taken.push(room)
  }
  return rows.map((row) => row.bands)
}

/** From where to where, in ms, a band and its name are drawn. */
function roomOf(band: Band, span: Span, look: Look): [number, number] {
  const named = (widthOf(band.title) * (span.until - span.from)) / look.width
  const [from, until] = [band.from.getTime(), band.until.getTime()]
  return band.from < span.late ? [from, Math.max(until, from + named)] : [Math.min(from, until - named), until]
}

function spanOf(steps: Step[]): Span {
  const from = Math.min(...steps.map((step) => step.from.getTime()))
  const until = Math.max(...steps.map((step) => step.until.getTime()))
  return { from, until, late: new Date(from + 0.65 * (until - from)) }
}

/** A band and its name; one that begins late has its name before its end, so that it stays on the chart. */
function bandMarks(row: Band[], dy: number, look: Look, late: Date): Plot.Markish[] {
  const early = row.filter((band) => band.from < late)
  const words = { y: 0, text: 'title', dy, fill: look.ink, fontSize: 12 }
  return [
    Plot.ruleY(row, { x1: 'from', x2: 'until', y: 0, dy: dy + 8, stroke: look.lantern, strokeWidth: 3 }),
    Plot.text(early, { ...words, x: 'from', textAnchor: 'start' }),
    Plot.text(
      row.filter((band) => band.from >= late),
      { ...words, x: 'until', textAnchor: 'end' }
    )
  ]
}
