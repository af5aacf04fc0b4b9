/**
 * Plays a day of visits on simulated phones against a real server; tests/phones.py starts it and moves the server's clock.
 * In: a line of JSON, the script; then a line for every moment that was asked for. Out: a line of JSON for each moment up
 * to which the phones want to act, and in the end how many requests each of them made.
 */
import { createInterface } from 'node:readline'
import { createClock } from '../../src/clock'
import { saveConsent } from '../../src/consent'
import type { Action } from '../../src/state'
import { CONSENT_TEXT } from '../../src/ui/consent-panel'
import { createVisit, type Visit } from '../../src/ui/visit'
import type { ConsentState, Happening, SiteDocument } from '../../src/wire'
import { type DeviceKind, type Line, Memory, Page, Phone } from './page'

type Act = { at: number } & (
  | { do: 'open'; language: string; search: string }
  | { do: 'choose'; state: ConsentState }
  | { do: 'dispatch'; action: Action }
  | { do: 'tell'; happening: Happening }
  | { do: 'line'; is: Line }
  | { do: 'show'; how: 'visible' | 'hidden' }
  | { do: 'leave' }
)
interface Part {
  device: DeviceKind
  wish: Phone['wish']
  acts: Act[]
}
/** Those who visit one server. */
interface Crowd {
  origin: string
  documents: Record<string, SiteDocument>
  phones: Part[]
}
interface Script {
  step_ms: number
  crowds: Crowd[]
}

/** A visitor with a phone, who does one thing after another. */
class Visitor {
  readonly phone: Phone
  private readonly session = new Memory()
  private page: Page | null = null
  private before: URL | undefined // the address of the page that was open last
  private visit: Visit | null = null
  private next = 0

  constructor(
    private readonly crowd: Crowd,
    private readonly part: Part
  ) {
    this.phone = new Phone(crowd.origin, part.device, part.wish, part.acts[0]?.at ?? 0)
  }

  /** When something happens on this phone next, by a hand or by a timer; infinite: never again. */
  get nextAt(): number {
    return Math.min(this.part.acts[this.next]?.at ?? Number.POSITIVE_INFINITY, this.page?.nextAt ?? Infinity)
  }

  /** Let everything happen that does up to a moment. */
  async liveUntil(until: number): Promise<void> {
    while (this.nextAt <= until) {
      const act = this.part.acts[this.next]
      this.phone.now = Math.max(this.phone.now, this.nextAt)
      if (act === undefined || (this.page?.nextAt ?? Infinity) < act.at) {
        await this.page?.wake()
        continue
      }
      this.next += 1
      await this.act(act)
    }
  }

  private async act(act: Act): Promise<void> {
    if (act.do === 'open') return this.open(act.language, act.search)
    if (act.do === 'line') return this.takeLine(act.is)
    if (this.page === null || this.visit === null) throw new Error(`no page is open: ${act.do}`)
    const [page, visit] = [this.page, this.visit]
    switch (act.do) {
      case 'choose':
        return page.run(() => {
          saveConsent(localStorage, act.state, CONSENT_TEXT)
          visit.consentChanged()
        })
      case 'dispatch':
        return page.run(() => visit.dispatch(act.action))
      case 'tell':
        return page.run(() => visit.tell(act.happening))
      case 'show':
        return page.show(act.how)
      case 'leave':
        page.leave()
        this.page = null
    }
  }

  private takeLine(is: Line): void {
    this.phone.line = is
  }

  /** What a page does when it opens; the site's document is the kept one, as on a phone without a line. */
  private async open(language: string, search: string): Promise<void> {
    const site = this.crowd.documents[language]
    if (site === undefined) throw new Error(`no document in ${language}`)
    const address = new URL(`/${language}/${site.site.id}/${search}`, this.phone.origin)
    const page = new Page(this.phone, address, this.before, this.session)
    this.before = address
    this.page = page
    await page.run(() => {
      const visit = createVisit(
        site.site.id,
        language,
        createClock(() => this.phone.now, null)
      )
      this.visit = visit
      visit.dispatch({ type: 'site_loaded', site, at: this.phone.now })
    })
  }
}

async function play(): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  const read = async (): Promise<string> => ((await lines.next()).value as string | undefined) ?? ''
  const script = JSON.parse(await read()) as Script
  await import('../../src/telling') // the first page that wants it would wait for the disk, by another clock than its own
  const crowds = script.crowds.map((crowd) => crowd.phones.map((part) => new Visitor(crowd, part)))
  const visitors = crowds.flat()
  for (;;) {
    const next = Math.min(...visitors.map(({ nextAt }) => nextAt))
    if (next === Number.POSITIVE_INFINITY) break
    const until = Math.ceil(next / script.step_ms) * script.step_ms
    say({ at: until })
    await read()
    await Promise.all(visitors.map((one) => one.liveUntil(until)))
  }
  say({ requests: crowds.map((crowd) => crowd.map(({ phone }) => phone.requests)) })
  process.exit(0) // connections that are kept open would keep it alive
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

await play()
