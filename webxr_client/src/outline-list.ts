/** The corners of an outline as rows of fields, in the order in which they are drawn. */
import type { Row, Sketch } from './outline'

/** What somebody does in the list. */
export interface Deeds {
  typed: () => void
  chosen: (corner: number) => void
  nudged: (corner: number, north: number, east: number) => void
  takenOut: (corner: number) => void
  added: () => void
}

const WAYS: Record<string, number> = { ArrowUp: 1, ArrowDown: -1 }

export class CornerList {
  private readonly list: HTMLElement
  private readonly pattern: HTMLElement

  constructor(private readonly fields: HTMLElement) {
    const list = fields.querySelector<HTMLElement>('ol.corners')
    const first = list?.firstElementChild
    if (list === null || !(first instanceof HTMLElement)) throw new Error('a form of a landmark has rows for corners')
    this.list = list
    this.pattern = first.cloneNode(true) as HTMLElement
    for (const told of this.pattern.querySelectorAll('.problem')) told.remove()
    for (const field of this.pattern.querySelectorAll('input')) {
      field.removeAttribute('aria-invalid')
      field.removeAttribute('aria-describedby')
    }
  }

  /** What is typed, without the rows in which nothing is. */
  read(): Row[] {
    return this.rows()
      .map((row) => inputsOf(row))
      .map(([lat, lon]) => ({ lat: lat.value.trim(), lon: lon.value.trim() }))
      .filter(({ lat, lon }) => lat !== '' || lon !== '')
  }

  /** The rows of a sketch; those that stay are kept, so that the focus is too. */
  show({ rows }: Sketch): void {
    const shown = this.rows()
    for (const extra of shown.slice(rows.length)) extra.remove()
    for (const [at, { lat, lon }] of rows.entries()) {
      const row = shown[at] ?? this.addRow(at)
      const [latField, lonField] = inputsOf(row)
      if (latField.value !== lat || lonField.value !== lon) row.querySelector('.problem')?.remove() // it was of another place
      latField.value = lat
      lonField.value = lon
    }
  }

  focus(corner: number): void {
    const row = this.rows()[corner]
    if (row !== undefined) inputsOf(row)[0].focus()
  }

  hasFocus(): boolean {
    return this.list.contains(this.list.ownerDocument.activeElement)
  }

  listen(deeds: Deeds): void {
    this.list.addEventListener('change', () => deeds.typed())
    this.list.addEventListener('focusin', (event) => deeds.chosen(this.cornerOf(event.target)))
    this.list.addEventListener('keydown', (event) => this.nudge(event, deeds))
    this.fields.addEventListener('click', (event) => {
      const button = event.target instanceof Element ? event.target.closest('button') : null
      if (button === null) return
      const corner = this.cornerOf(button)
      if (corner < 0 && button.dataset['draw'] !== 'more') return
      event.preventDefault() // the server would do the same, by sending the page again
      if (corner < 0) return deeds.added()
      deeds.takenOut(corner)
      this.focusAfter(corner)
    })
  }

  /** Whether a key goes to a field whose text is not taken over yet. */
  isTyping(target: EventTarget | null, { rows }: Sketch): boolean {
    if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return false
    const row = rows[this.cornerOf(target)]
    if (row === undefined) return target.type !== 'radio'
    return target.value.trim() !== (target.name === 'corner_lat' ? row.lat : row.lon)
  }

  private focusAfter(corner: number): void {
    const rows = this.rows()
    const next = rows[Math.min(corner, rows.length - 1)]
    const target = next?.querySelector('button') ?? this.fields.querySelector<HTMLElement>('[data-draw=more]')
    target?.focus()
  }

  /** Up and down move a corner: north and south in its latitude, east and west in its longitude. */
  private nudge(event: KeyboardEvent, deeds: Deeds): void {
    const way = WAYS[event.key]
    const { target } = event
    if (way === undefined || event.ctrlKey || event.altKey || event.metaKey || !(target instanceof HTMLInputElement))
      return
    event.preventDefault()
    const corner = this.cornerOf(target)
    deeds.typed()
    const isLat = target.name === 'corner_lat'
    deeds.nudged(corner, isLat ? way : 0, isLat ? 0 : way)
  }

  private rows(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>('li')]
  }

  private cornerOf(target: EventTarget | null): number {
    const row = target instanceof Element ? target.closest('li') : null
    return row === null ? -1 : this.rows().indexOf(row)
  }

  private addRow(at: number): HTMLElement {
    const row = this.pattern.cloneNode(true) as HTMLElement
    const number = `${at + 1}`
    const [lat, lon] = inputsOf(row)
    const { lat: latLabel, lon: lonLabel, out } = this.list.dataset
    lat.setAttribute('aria-label', (latLabel ?? '').replace('#', number))
    lon.setAttribute('aria-label', (lonLabel ?? '').replace('#', number))
    const label = row.querySelector('.number')
    if (label !== null) label.textContent = number
    const button = row.querySelector('button')
    button?.setAttribute('aria-label', (out ?? '').replace('#', number))
    button?.setAttribute('value', `corner-out-${number}`)
    this.list.append(row)
    return row
  }
}

function inputsOf(row: HTMLElement): [lat: HTMLInputElement, lon: HTMLInputElement] {
  const [lat, lon] = row.querySelectorAll('input')
  if (lat === undefined || lon === undefined) throw new Error('a corner has two fields')
  return [lat, lon]
}
