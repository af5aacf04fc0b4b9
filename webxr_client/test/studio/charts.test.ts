// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import { fit, lookOf, widthOf } from '../../src/charts/look'
import { PLOTS } from '../../src/charts/plots'
import { day, dayAfter, readBands, readTable } from '../../src/charts/table'

const TABLE = `<table id="t"><thead><tr><th>Days</th><th>Visits</th><th>A day</th><th>Before</th><th>Last year</th></tr></thead><tbody>
<tr data-from="2026-11-02" data-until="2026-11-02"><th>2 November</th><td data-value="30">30</td><td data-value="30">30</td><td data-value="20">20</td><td>few</td></tr>
<tr class="first" data-from="2026-11-03" data-until="2026-11-04"><th><a href="/x">3 November</a> <small class="mark">day off</small></th><td data-value="1200" data-more>1,200 or more</td><td data-value="600">600</td><td>few</td><td>few</td></tr>
</tbody></table>
<ul class="bands"><li data-from="2026-11-02" data-until="2026-11-30"><span>Autumn</span> <small>all of November</small></li></ul>`

function table(): HTMLElement {
  document.documentElement.lang = 'ja'
  document.body.innerHTML = TABLE
  return document.querySelector('table') as HTMLElement
}

describe('a table in numbers', () => {
  it('keeps what is hidden apart from nought, and what the sentence speaks of', () => {
    const drawn = readTable(table(), 0)
    expect(drawn.heads).toEqual(['2 November', '3 November'])
    expect(drawn.series.map((series) => series.values)).toEqual([
      [30, 1200],
      [30, 600],
      [20, null],
      [null, null]
    ])
    expect(drawn.first).toBe(1)
    expect(drawn.marks).toEqual(['', 'day off'])
    expect(drawn.days[1]).toEqual([day('2026-11-03'), dayAfter(day('2026-11-04'))])
  })

  it('marks numbers that may be larger with a plus', () => {
    expect(readTable(table(), 0).texts[1]?.[0]).toBe('1,200+')
    expect(readTable(table(), 0).texts[0]?.[3]).toBe('few')
  })

  it('reads bands to the end of their last day', () => {
    table()
    const [band] = readBands(document.querySelector('.bands'))
    expect(band).toEqual({ title: 'Autumn', from: day('2026-11-02'), until: day('2026-12-01') })
    expect(readBands(null)).toEqual([])
  })
})

describe('words in a chart', () => {
  it('are cut to their room, wide letters sooner', () => {
    expect(fit('Water Gate', 200)).toBe('Water Gate')
    expect(fit('Water Gate', 60)).toBe('Water…')
    expect(widthOf('水門')).toBeGreaterThan(widthOf('ab'))
  })
})

describe('every kind of chart', () => {
  it.each(Object.keys(PLOTS))('%s is a picture with something for each number', (kind) => {
    const it = table()
    const look = { ...lookOf(document.body, 640), ink: '#123456', vermilion: '#b7371f', face: 'serif' }
    const chart = PLOTS[kind]?.(readTable(it, 0), look, readBands(document.querySelector('.bands')))
    expect(chart?.tagName.toLowerCase()).toBe('svg')
    expect(chart?.querySelectorAll('rect, path, line').length).toBeGreaterThan(1)
  })
})
