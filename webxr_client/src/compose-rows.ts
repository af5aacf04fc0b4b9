/** The rows of the form on which a scene is composed: points and eras, added, found, filled in and numbered. */
import { readData } from './staff'
import type { Point3 } from './wire'

type Kind = 'spot' | 'era'

export class Rows {
  private readonly blank: HTMLElement
  private next: number

  /** Takes the empty row, which is there for browsers without script, out of the form: it is the mould of new ones. */
  constructor(
    private readonly list: HTMLElement,
    private readonly kind: Kind
  ) {
    const blank = list.querySelector<HTMLElement>('[data-new]')
    if (blank === null) throw new Error(`the page has no empty ${kind}`)
    blank.remove()
    this.blank = blank
    this.next = Number(/\d+/.exec(blank.dataset['start'] ?? '')?.[0])
  }

  get all(): HTMLDetailsElement[] {
    return [...this.list.querySelectorAll<HTMLDetailsElement>(`[data-row="${this.kind}"]`)]
  }

  /** A new row at the end, open. */
  add(untitled: string): HTMLDetailsElement {
    const [old, own] = [this.blank.dataset['start'] ?? '', `${this.kind}-${this.next}-`]
    const row = this.blank.cloneNode(true) as HTMLDetailsElement
    delete row.dataset['new']
    row.dataset['start'] = own
    for (const part of row.querySelectorAll('*')) {
      for (const name of ['id', 'name', 'for', 'aria-describedby']) {
        const value = part.getAttribute(name)
        if (value !== null) part.setAttribute(name, value.split(old).join(own))
      }
      if (part instanceof HTMLInputElement && part.type === 'radio') part.value = String(this.next)
    }
    const called = row.querySelector('.called')
    if (called !== null) called.textContent = untitled
    this.next += 1
    row.open = true
    this.list.append(row)
    return row
  }

  /** The row that a draft's id names, such as `spot-3`. */
  find(id: string): HTMLDetailsElement | null {
    return this.all.find((row) => row.dataset['start'] === `${id}-`) ?? null
  }

  /** Say in the head of each row what it is called, and which number visitors see. */
  name(untitled: string, languages: readonly string[]): void {
    let number = 0
    for (const row of this.all) {
      const goes = row.querySelector<HTMLInputElement>('[name$="-remove"]')?.checked ?? false
      row.toggleAttribute('data-goes', goes)
      const word = this.kind === 'spot' ? 'title' : 'label'
      const said = languages.map((language) => field(row, `${word}-${language}`)?.value.trim() ?? '')
      const called = row.querySelector('.called')
      if (called !== null) called.textContent = said.find((text) => text !== '') ?? untitled
      if (this.kind === 'spot') badgeOf(row).textContent = goes ? '–' : String(++number)
    }
  }
}

/** A field of a row by the end of its name. */
export function field(row: HTMLElement, name: string): HTMLInputElement | null {
  return row.querySelector<HTMLInputElement>(`[name="${row.dataset['start'] ?? ''}${name}"]`)
}

/** Write the place of a point into its row. */
export function putPlace(row: HTMLElement, node: string, position: Point3): void {
  const values = { node, x: position[0], y: position[1], z: position[2] }
  for (const [name, value] of Object.entries(values)) {
    const input = field(row, name)
    if (input !== null) input.value = String(value)
  }
}

function badgeOf(row: HTMLElement): HTMLElement {
  const there = row.querySelector<HTMLElement>('.badge')
  if (there !== null) return there
  const badge = row.ownerDocument.createElement('span')
  badge.className = 'badge'
  badge.setAttribute('aria-hidden', 'true')
  row.querySelector('summary')?.prepend(badge, ' ')
  return badge
}

/** The languages of the form, that of the page first. */
export function languagesOf(page: Document): string[] {
  const spoken = readData<string[]>(page, 'compose-languages') ?? []
  const own = page.documentElement.lang
  return [own, ...spoken.filter((language) => language !== own)]
}
