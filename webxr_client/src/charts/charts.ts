/** Charts of the figures, drawn from the tables beside them. Without this script the tables stand alone, and open. */
import { type Look, lookOf } from './look'
import { PLOTS } from './plots'
import { readBands, readTable } from './table'

/** Draw every chart of a page, and again when its width or light changes. */
export function drawCharts(page: Document): void {
  const places = [...page.querySelectorAll<HTMLElement>('.chart-of')]
  const watch = new ResizeObserver((changed) => {
    for (const one of changed) draw(one.target as HTMLElement)
  })
  for (const place of places) watch.observe(place)
  const again = (): void => {
    for (const place of places) draw(place, true)
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again)
  new MutationObserver(again).observe(page.documentElement, { attributeFilter: ['data-light'] })
}

const drawnAt = new WeakMap<HTMLElement, number>()

function draw(place: HTMLElement, anew = false): void {
  const width = Math.floor(place.clientWidth)
  if (width === 0 || (!anew && drawnAt.get(place) === width)) return
  drawnAt.set(place, width)
  const table = place.ownerDocument.getElementById(place.dataset['table'] ?? '')
  const plot = PLOTS[place.dataset['chart'] ?? '']
  if (table === null || plot === undefined || table.querySelector('[data-value]') === null) return
  const look: Look = lookOf(place, width)
  const chart = plot(
    readTable(table, Number(place.dataset['drawn'])),
    look,
    readBands(place.parentElement?.querySelector('.bands') ?? null)
  )
  place.replaceChildren(dress(chart, place.dataset['words'] ?? ''))
}

/** The drawing as the page may show it: its policy allows no style in the page, so ours stands in the style sheet. */
function dress(chart: Element, words: string): Element {
  for (const style of chart.querySelectorAll('style')) style.remove()
  for (const group of chart.querySelectorAll('[aria-label], [aria-description]')) {
    group.removeAttribute('aria-label') // of parts of one picture, whose own name tells all
    group.removeAttribute('aria-description')
  }
  chart.setAttribute('role', 'img')
  chart.setAttribute('aria-label', words)
  chart.classList.add('drawn')
  return chart
}
