/** A figure's table as the server wrote it, in numbers: what charts are drawn from, so that the two always agree. */

export interface Series {
  name: string
  values: (number | null)[]
}

export interface Drawn {
  heads: string[]
  series: Series[]
  /** The row that the sentence above speaks of; -1: none. */
  first: number
  /** First and last day of each row, where it has them. */
  days: ([Date, Date] | null)[]
  marks: string[]
  texts: string[][]
  /** Which of the series a chart of one series draws. */
  drawn: number
}

export interface Band {
  title: string
  from: Date
  until: Date
}

/** A local day as the moment at which it begins in the reckoning of charts, which knows no time zones. */
export function day(text: string): Date {
  return new Date(`${text}T00:00:00Z`)
}

/** The day after the last one of a stretch: where its bar ends. */
export function dayAfter(date: Date): Date {
  return new Date(date.getTime() + 86_400_000)
}

export function readTable(table: HTMLElement, drawn: number): Drawn {
  const columns = [...table.querySelectorAll<HTMLElement>('thead th')].map((cell) => wordsOf(cell))
  const rows = [...table.querySelectorAll<HTMLElement>('tbody tr')]
  const cells = rows.map((row) => [...row.querySelectorAll<HTMLElement>('td')])
  return {
    drawn,
    heads: rows.map((row) => wordsOf(row.querySelector<HTMLElement>('th'))),
    series: columns.slice(1).map((name, at) => ({ name, values: cells.map((row) => numberOf(row[at])) })),
    first: rows.findIndex((row) => row.classList.contains('first')),
    days: rows.map(daysOf),
    marks: rows.map((row) => row.querySelector('.mark')?.textContent?.trim() ?? ''),
    texts: cells.map((row) => row.map(shortOf))
  }
}

export function readBands(list: Element | null): Band[] {
  return [...(list?.querySelectorAll<HTMLElement>('li') ?? [])].map((item) => ({
    title: item.querySelector('span')?.textContent ?? '',
    from: day(item.dataset['from'] ?? ''),
    until: dayAfter(day(item.dataset['until'] ?? ''))
  }))
}

function daysOf(row: HTMLElement): [Date, Date] | null {
  const { from, until } = row.dataset
  return from === undefined || until === undefined ? null : [day(from), dayAfter(day(until))]
}

function numberOf(cell: HTMLElement | null | undefined): number | null {
  const text = cell?.dataset['value']
  return text === undefined ? null : Number(text)
}

/** A number that may be larger has a plus in a chart: its words would not fit. */
function shortOf(cell: HTMLElement): string {
  const value = numberOf(cell)
  return cell.dataset['more'] === undefined || value === null ? wordsOf(cell) : `${value.toLocaleString('en')}+`
}

/** The words of a head without the mark of a day off, which charts draw by themselves. */
function wordsOf(cell: HTMLElement | null | undefined): string {
  if (cell == null) return ''
  const own = [...cell.childNodes].filter((node) => !(node instanceof HTMLElement && node.classList.contains('mark')))
  return own
    .map((node) => node.textContent ?? '')
    .join('')
    .trim()
}
