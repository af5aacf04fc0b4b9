/**
 * What is closed, dangerous or worth knowing: shown while it holds on pages, map, list, sheet and over the camera's picture.
 * It begins and ends by the phone's own clock, without network too. Loaded only once a site has something to tell.
 */
import { localDate, startOfDay } from '../geo/live'
import { findOpen } from '../state'
import type { Notice, SiteDocument } from '../wire'
import { make, setText, toldIn } from './dom'
import { sayDate, sayMoment } from './moment'
import { plain } from './ruby'
import type { Visit } from './visit'
import { readWords, type Words } from './words'

const FLAGS = { information: 'i', closed: '×', danger: '!' }
const LONGEST_WAIT_MS = 3_600_000 // a longer timer would drift, and overflows after 24 days
const SVG = 'http://www.w3.org/2000/svg'

/** The notices that hold at a moment in ms, in the document's order, the gravest first; the start is in, the end is out. */
export function noticesAt(notices: readonly Notice[], at: number): Notice[] {
  return notices.filter(
    ({ from_at, until_at }) => Date.parse(from_at) <= at && (until_at === null || at < Date.parse(until_at))
  )
}

/** The next moment in ms after `at` at which a notice begins or ends; null when none does. */
export function nextEdge(notices: readonly Notice[], at: number): number | null {
  const edges = notices.flatMap(({ from_at, until_at }) => [from_at, ...(until_at === null ? [] : [until_at])])
  const later = edges.map((edge) => Date.parse(edge)).filter((edge) => edge > at)
  return later.length === 0 ? null : Math.min(...later)
}

/** Until when a notice holds, in words; the server says the same in routes/notices_told.py. */
export function sayUntil({ until_at }: Notice, at: number, zone: string, words: Words): string {
  if (until_at === null) return words('notice_open')
  const end = Date.parse(until_at)
  const last = localDate(end - 1, zone)
  if (startOfDay(localDate(end, zone), zone) !== end) {
    return words('notice_until', { when: sayMoment(end, at, zone, words) })
  }
  return last <= localDate(at, zone) ? words('notice_today') : words('notice_day', { date: sayDate(last, words) })
}

/** Show the notices of a visit from now on. isNews: they came after the page, so that what holds already is told too. */
export function followNotices(page: Document, visit: Visit, isNews: boolean): void {
  const shown = new Shown(page, visit, readWords(page), isNews)
  visit.listen(() => shown.show())
  page.addEventListener('visibilitychange', () => shown.show()) // a phone in a pocket stops its timers
  shown.show()
}

class Shown {
  private timer: ReturnType<typeof setTimeout> | undefined
  private told: Set<string> | null

  constructor(
    private readonly page: Document,
    private readonly visit: Visit,
    private readonly words: Words,
    isNews: boolean
  ) {
    this.told = isNews ? new Set() : null
  }

  show(): void {
    const { site } = this.visit.state
    if (site === null) return
    const at = this.visit.io.clock.now()
    const held = noticesAt(site.notices ?? [], at)
    this.fill(site, held, at)
    this.mark(held)
    this.fillSheet(site, held)
    this.tell(held)
    clearTimeout(this.timer)
    const edge = nextEdge(site.notices ?? [], at)
    if (edge !== null) this.timer = setTimeout(() => this.show(), Math.min(edge - at + 1, LONGEST_WAIT_MS))
  }

  /** The landmark a page is about; null on the page of the whole site. */
  private get subject(): string | null {
    const own = this.page.querySelector<HTMLElement>('main')?.dataset
    return (
      own?.['landmark'] ?? (own?.['experience'] === undefined ? null : (findOpen(this.visit.state)?.landmark ?? ''))
    )
  }

  private fill(site: SiteDocument, held: readonly Notice[], at: number): void {
    const place = this.page.getElementById('notices')
    const { subject } = this
    if (place === null || subject === '') return // what the page is about is not known yet: the server's words stay
    const mine = held.filter(({ landmark }) => subject === null || landmark === null || landmark === subject)
    const lines = mine.map((one) => this.lay(one, subject, site, at))
    place.hidden = lines.length === 0
    if (!isNew(place, lines)) return
    place.replaceChildren(...lines)
  }

  private lay(one: Notice, subject: string | null, { site, landmarks }: SiteDocument, at: number): HTMLElement {
    const { page, words, visit } = this
    const where = subject === null ? landmarks.find(({ id }) => id === one.landmark) : undefined
    const href = `/${visit.language}/${visit.site}/landmarks/${where?.id}`
    const head = make(page, 'p', {}, make(page, 'strong', {}, words(`notice_${one.severity}`)), ' ')
    if (where !== undefined) head.append(make(page, 'a', { href }, where.name))
    const until = make(page, 'p', { className: 'until' }, sayUntil(one, at, site.time_zone, words))
    return make(
      page,
      'div',
      { className: `notice-${one.severity}` },
      head,
      make(page, 'p', toldIn(one), one.text),
      until
    )
  }

  /** Landmarks with a notice of their own carry it on the map and in the list. */
  private mark(held: readonly Notice[]): void {
    const { page, words } = this
    const gravest = new Map<string, Notice['severity']>()
    for (const { landmark, severity } of held) {
      if (landmark !== null && !gravest.has(landmark)) gravest.set(landmark, severity)
    }
    for (const word of page.querySelectorAll<HTMLElement>('[data-noticed]')) {
      const severity = gravest.get(word.dataset['noticed'] ?? '')
      setText(word, severity === undefined ? '' : words(`notice_${severity}`))
    }
    for (const mark of page.querySelectorAll<SVGAElement>('a.mark')) {
      raiseFlag(mark, gravest.get(mark.dataset['landmark'] ?? '') ?? null, words)
    }
  }

  private fillSheet(site: SiteDocument, held: readonly Notice[]): void {
    const sheet = this.page.getElementById('arrival')
    if (sheet === null) return
    const open = findOpen(this.visit.state)
    const mine = sheet.hidden ? [] : held.filter(({ landmark }) => landmark !== null && landmark === open?.landmark)
    const at = this.visit.io.clock.now()
    const lines = mine.map((one) => this.lay(one, one.landmark, site, at))
    const old = [...sheet.querySelectorAll('[class^=notice-]')]
    if (!isNew(sheet, lines) && old.length === lines.length) return // another sheet may have been laid there meanwhile
    for (const line of old) line.remove()
    sheet.prepend(...lines)
  }

  /** Say politely what has begun to hold since the page was opened. */
  private tell(held: readonly Notice[]): void {
    const before = this.told ?? new Set(held.map(({ id }) => id))
    const fresh = held.filter(({ id }) => !before.has(id))
    this.told = new Set(held.map(({ id }) => id))
    const news = this.page.getElementById('notice-news')
    if (news === null || fresh.length === 0) return
    const { words } = this
    news.replaceChildren(
      ...fresh.map((one) =>
        make(
          this.page,
          'span',
          {},
          `${plain(words(`notice_${one.severity}`))}: `,
          make(this.page, 'span', toldIn(one), `${plain(one.text)} `)
        )
      )
    )
  }
}

/** Whether an element is to say something else than at the last look. */
function isNew(place: HTMLElement, lines: readonly HTMLElement[]): boolean {
  const said = lines.map((line) => `${line.className} ${line.textContent}`).join()
  const differs = said !== place.dataset['told']
  place.dataset['told'] = said
  return differs
}

/** Put the sign of a notice at a mark of the map, in its name too; null takes it away. */
function raiseFlag(mark: SVGAElement, severity: Notice['severity'] | null, words: Words): void {
  if ((mark.dataset['notice'] ?? null) === severity) return
  const called = mark.dataset['called'] ?? mark.getAttribute('aria-label') ?? ''
  mark.querySelector('.flag')?.remove()
  mark.dataset['called'] = called
  if (severity === null) {
    delete mark.dataset['notice']
    mark.setAttribute('aria-label', called)
    return
  }
  mark.dataset['notice'] = severity
  mark.setAttribute('aria-label', plain(words('marked', { name: called, word: words(`notice_${severity}`) })))
  const number = mark.querySelector('text')
  const flag = mark.ownerDocument.createElementNS(SVG, 'text')
  flag.setAttribute('class', 'flag')
  flag.setAttribute('x', String(Number(number?.getAttribute('x')) + 5))
  flag.setAttribute('y', String(Number(number?.getAttribute('y')) - 5))
  flag.setAttribute('dy', '0.350em')
  flag.textContent = FLAGS[severity]
  mark.append(flag)
}
