/** How each kind of table is drawn. Ink and sea for series, vermilion for what the sentence speaks of; labels stand directly. */
import * as Plot from '@observablehq/plot'
import { plotDays } from './days'
import { common, fit, type Look, widthOf } from './look'
import type { Band, Drawn } from './table'

type Drawing = (table: Drawn, look: Look, bands: Band[]) => Element

export const ROW_PX = 34
const LETTER_PX = 14
const SLANTED_PX = 22
const NUMBER_PX = 18

export const PLOTS: Record<string, Drawing> = {
  days: plotDays,
  months: plotMonths,
  bars: plotBars,
  columns: plotColumns,
  pairs: plotPairs,
  heat: plotHeat,
  ranges: plotRanges
}

/** Room for names at the left, as wide as the longest of them, within a third of the chart. */
function roomFor(names: string[], look: Look): number {
  const widths = names.map(widthOf)
  return Math.min(Math.max(...widths, 40) + 12, look.width * 0.42)
}

function unfold(table: Drawn, series: number): { head: string; value: number; first: boolean; text: string }[] {
  return table.heads.flatMap((head, at) => {
    const value = table.series[series]?.values[at]
    return value == null ? [] : [{ head, value, first: at === table.first, text: table.texts[at]?.[series] ?? '' }]
  })
}

function plotBars(table: Drawn, look: Look): Element {
  const rows = unfold(table, table.drawn)
  const left = roomFor(
    rows.map((row) => row.head),
    look
  )
  return Plot.plot({
    ...common(look),
    height: rows.length * ROW_PX + 12,
    marginLeft: left,
    marginRight: 76,
    marginTop: 4,
    marginBottom: 8,
    x: { axis: null, domain: [0, Math.max(1, ...rows.map((row) => row.value))] },
    y: { domain: rows.map((row) => row.head), label: null, tickSize: 0, tickFormat: (name: string) => fit(name, left) },
    marks: [
      Plot.barX(rows, {
        x: 'value',
        y: 'head',
        fill: (row) => (row.first ? look.vermilion : look.ink),
        insetTop: 5,
        insetBottom: 5
      }),
      Plot.text(rows, { x: 'value', y: 'head', text: 'text', textAnchor: 'start', dx: 6, fill: look.ink }),
      Plot.ruleX([0], { stroke: look.tile })
    ]
  })
}

function plotColumns(table: Drawn, look: Look): Element {
  const rows = unfold(table, 0)
  const tight = look.width / Math.max(1, rows.length) < 44
  return Plot.plot({
    ...common(look),
    height: 240,
    marginLeft: 8,
    marginRight: 8,
    marginTop: 24,
    marginBottom: 32,
    x: {
      domain: table.heads,
      label: null,
      tickSize: 0,
      tickFormat: (name: string, at: number) => (tight && at % 3 > 0 ? '' : name)
    },
    y: { axis: null },
    marks: [
      Plot.barY(rows, {
        x: 'head',
        y: 'value',
        fill: (row) => (row.first ? look.vermilion : look.ink),
        insetLeft: 3,
        insetRight: 3
      }),
      Plot.text(tight ? rows.filter((row) => row.first) : rows, {
        x: 'head',
        y: 'value',
        text: 'text',
        dy: -10,
        fill: look.ink
      }),
      Plot.ruleY([0], { stroke: look.tile })
    ]
  })
}

function plotMonths(table: Drawn, look: Look): Element {
  const now = unfold(table, 0)
  const before = unfold(table, 1)
  const name = (at: number): string => table.series[at]?.name ?? ''
  const months = table.heads
  const short = (head: string): string => head.replace(/^\d{4}年/, '').replace(/^(\S{3})\S* \d{4}$/, '$1')
  return Plot.plot({
    ...common(look),
    height: 280,
    marginLeft: 8,
    marginRight: 8,
    marginTop: 28,
    marginBottom: 32,
    x: { domain: months, label: null, tickSize: 0, tickFormat: short },
    y: { axis: null },
    marks: [
      Plot.barY(now, {
        x: 'head',
        y: 'value',
        fill: (row) => (row.first ? look.vermilion : look.ink),
        insetLeft: 4,
        insetRight: 4
      }),
      Plot.tickY(before, { x: 'head', y: 'value', stroke: look.sea, strokeWidth: 4 }),
      Plot.text(before.length > 0 ? [name(1)] : [], {
        frameAnchor: 'top-right',
        dy: -24,
        fill: look.sea,
        text: (words: string) => `▬ ${words}`
      }),
      Plot.ruleY([0], { stroke: look.tile })
    ]
  })
}

/** Two series beside each other, on site and at home, each row with both: their shares where the table has them. */
function plotPairs(table: Drawn, look: Look): Element {
  const shares = table.series.length === 4
  const pairs = shares ? [1, 3] : [0, 2]
  const words = [table.series[0]?.name ?? '', table.series[2]?.name ?? '']
  const rows = pairs.flatMap((series, at) =>
    unfold(table, series).map((row) => ({ ...row, where: words[at] ?? '', home: at === 1 }))
  )
  const heads = table.heads
  const left = roomFor(heads, look)
  return Plot.plot({
    ...common(look),
    height: heads.length * ROW_PX * 1.5 + 34,
    marginLeft: left,
    marginRight: 64,
    marginTop: 30,
    marginBottom: 4,
    x: { axis: null, domain: [0, Math.max(1, ...rows.map((row) => row.value))] },
    y: { axis: null, domain: words, padding: 0.1 },
    fy: { domain: heads, label: null, tickFormat: (name: string) => fit(name, left), axis: 'left', padding: 0.25 },
    marks: [
      Plot.barX(rows, {
        x: 'value',
        y: 'where',
        fy: 'head',
        fill: (row) => (row.home ? look.sea : row.first ? look.vermilion : look.ink),
        fillOpacity: 1
      }),
      Plot.text(rows, { x: 'value', y: 'where', fy: 'head', text: 'text', textAnchor: 'start', dx: 6, fill: look.ink }),
      Plot.text(
        rows.filter((row) => row.head === heads[0]),
        {
          x: 0,
          y: 'where',
          fy: 'head',
          text: 'where',
          textAnchor: 'start',
          dx: 8,
          fill: look.plaster,
          filter: (row: { value: number }) => row.value > 0.3 * Math.max(...rows.map((one) => one.value))
        }
      ),
      Plot.ruleX([0], { stroke: look.tile })
    ]
  })
}

/** Names down the side, columns across; the darker, the more. Numbers stand in the cells where there is room. */
function plotHeat(table: Drawn, look: Look): Element {
  const columns = table.series.map((series) => series.name)
  const cells = table.series.flatMap((series, column) =>
    series.values.flatMap((value, row) => {
      const text = table.texts[row]?.[column] ?? ''
      return [{ head: table.heads[row] ?? '', column: series.name, value, text }]
    })
  )
  const left = roomFor(table.heads, look)
  const most = Math.max(1, ...cells.map((cell) => cell.value ?? 0))
  const each = (look.width - left - 8) / Math.max(1, columns.length)
  const written = each > 40
  const long = columns.some((name) => name.length > 5)
  const numbered = long && each < SLANTED_PX // too narrow for names: numbers lead from columns to rows
  const named = long && !numbered
  const known = cells.filter((cell) => cell.value !== null)
  const hidden = cells.filter((cell) => cell.value === null)
  const columnWords = (name: string, at: number): string => {
    if (numbered) return each < NUMBER_PX && at % 2 > 0 ? '' : String(at + 1)
    return named ? fit(name, 128) : each < LETTER_PX * 3 && at % 3 > 0 ? '' : name
  }
  const rowWords = (name: string, at: number): string =>
    fit(numbered ? `${columns.indexOf(name) + 1 || at + 1} ${name}` : name, left)
  return Plot.plot({
    ...common(look),
    height: table.heads.length * ROW_PX + (named ? 124 : 40),
    marginLeft: left,
    marginRight: 8,
    marginTop: named ? 112 : 32,
    marginBottom: 4,
    x: {
      domain: columns,
      label: null,
      axis: 'top',
      tickSize: 0,
      tickRotate: named ? -60 : 0,
      tickFormat: (name: string, at: number) => columnWords(name, at)
    },
    y: { domain: table.heads, label: null, tickSize: 0, tickFormat: rowWords },
    marks: [
      Plot.cell(cells, { x: 'column', y: 'head', fill: 'none', stroke: look.tile, strokeOpacity: 0.35, inset: 0.5 }),
      Plot.cell(known, {
        x: 'column',
        y: 'head',
        fill: look.sea,
        fillOpacity: (cell: { value: number }) => 0.08 + 0.92 * (cell.value / most),
        inset: 0.5
      }),
      Plot.text(hidden, { x: 'column', y: 'head', text: () => '·', fill: look.tile }),
      Plot.text(written ? known : [], {
        x: 'column',
        y: 'head',
        text: 'text',
        fontSize: 13,
        fill: (cell: { value: number }) => (cell.value / most > 0.5 ? look.plaster : look.ink)
      }),
      Plot.cell(
        known.filter((cell) => cell.value === most),
        { x: 'column', y: 'head', fill: 'none', stroke: look.vermilion, strokeWidth: 3, inset: 1 }
      )
    ]
  })
}

/** From the first to the third quartile a bar, the middle a thick stroke with its words. */
function plotRanges(table: Drawn, look: Look): Element {
  const [low, middle, high] = table.series
  const rows = table.heads.flatMap((head, at) => {
    const from = low?.values[at]
    const value = middle?.values[at]
    const until = high?.values[at]
    if (from == null || value == null || until == null) return []
    return [
      { head, from, value, until, first: at === table.first, text: (table.texts[at]?.[1] ?? '').replace(/[（(].*/, '') }
    ]
  })
  const left = roomFor(
    rows.map((row) => row.head),
    look
  )
  return Plot.plot({
    ...common(look),
    height: rows.length * ROW_PX + 40,
    marginLeft: left,
    marginRight: 84,
    marginTop: 4,
    marginBottom: 32,
    x: {
      label: null,
      domain: [0, Math.max(1, ...rows.map((row) => row.until))],
      ticks: 5,
      tickFormat: (value: number) => `${value}′`
    },
    y: { domain: rows.map((row) => row.head), label: null, tickSize: 0, tickFormat: (name: string) => fit(name, left) },
    marks: [
      Plot.barX(rows, {
        x1: 'from',
        x2: 'until',
        y: 'head',
        fill: look.sea,
        fillOpacity: 0.35,
        insetTop: 9,
        insetBottom: 9
      }),
      Plot.tickX(rows, {
        x: 'value',
        y: 'head',
        stroke: (row) => (row.first ? look.vermilion : look.ink),
        strokeWidth: 5,
        inset: 4
      }),
      Plot.text(rows, { x: 'until', y: 'head', text: 'text', textAnchor: 'start', dx: 8, fill: look.ink })
    ]
  })
}
