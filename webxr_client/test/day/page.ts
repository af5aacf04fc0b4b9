/**
 * Many phones in one process, each with pages of its own: what a page's code finds as `document`, `fetch` or `setTimeout`
 * is that of the page it runs for. Timers go by the phone's clock, which stands still until it is moved.
 */
import 'fake-indexeddb/auto'
import { AsyncLocalStorage } from 'node:async_hooks'
import { IDBFactory } from 'fake-indexeddb'

export type DeviceKind = 'phone' | 'tablet' | 'desktop'
/** Lose: what is sent next arrives, but the answer to it never does. */
export type Line = 'up' | 'down' | 'lose'

interface Timer {
  at: number
  run: () => void
}

const SCREENS = { phone: [390, 844], tablet: [810, 1080], desktop: [1440, 900] } as const
const QUIET_TURNS = 12 // of the event loop, without anything happening: a transaction of the store takes four
const EVENTS = '/api/v1/events'

const current = new AsyncLocalStorage<Page>()
const real = { fetch: globalThis.fetch, setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }

/** What a phone keeps between its pages, and what its visitor and its network do. */
export class Phone {
  readonly storage = new Memory()
  readonly database = new IDBFactory()
  line: Line = 'up'
  /** Requests that reached the server. */
  requests = 0

  constructor(
    readonly origin: string,
    readonly device: DeviceKind,
    /** The browser tells its pages, and every server, that nobody is to be followed. */
    readonly wish: 'none' | 'pages_and_servers' | 'servers',
    public now: number
  ) {}
}

/** One page of a phone, from its opening until it is left. */
export class Page {
  readonly timers = new Map<object, Timer>()
  readonly underway = new Set<Promise<unknown>>()
  readonly document
  readonly navigator
  readonly view
  private isLeft = false

  constructor(
    readonly phone: Phone,
    readonly address: URL,
    before: URL | undefined,
    readonly session: Memory
  ) {
    this.document = Object.assign(new EventTarget(), {
      referrer: before?.href ?? '',
      visibilityState: 'visible',
      querySelector: () => null
    })
    this.navigator = {
      globalPrivacyControl: phone.wish === 'pages_and_servers',
      sendBeacon: (address: string, body: Blob) => this.hand(address, body)
    }
    this.view = Object.assign(new EventTarget(), {
      document: this.document,
      navigator: this.navigator,
      location: address,
      performance: { now: () => phone.now },
      sessionStorage: session,
      localStorage: phone.storage,
      screen: { width: SCREENS[phone.device][0], height: SCREENS[phone.device][1] },
      matchMedia: (query: string) => ({ matches: query.includes('coarse') === (phone.device !== 'desktop') })
    })
  }

  /** Run something as a script of this page, and wait until nothing more comes of it. */
  async run(act: () => unknown): Promise<void> {
    await current.run(this, async () => act())
    await this.settle()
  }

  /** The moment of the next timer in ms UTC; infinite when there is none. */
  get nextAt(): number {
    return Math.min(...[...this.timers.values()].map(({ at }) => at))
  }

  /** Let the timer run that is due first. */
  async wake(): Promise<void> {
    const [key, timer] = [...this.timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? []
    if (key === undefined || timer === undefined) return
    this.timers.delete(key)
    await this.run(timer.run)
  }

  async show(how: 'visible' | 'hidden'): Promise<void> {
    this.document.visibilityState = how
    await this.run(() => this.document.dispatchEvent(new Event('visibilitychange')))
  }

  /** The page is closed: none of its scripts runs again, and no answer reaches it. */
  leave(): void {
    this.isLeft = true
    this.timers.clear()
  }

  setTimeout(run: () => void, wait_ms = 0): object {
    const key = {}
    if (!this.isLeft) this.timers.set(key, { at: this.phone.now + wait_ms, run })
    return key
  }

  /** What `fetch` is on this page: over the phone's line, with what its browser says of itself. */
  fetch(address: string, init: RequestInit = {}): Promise<Response> {
    return this.keep(this.ask(address, init))
  }

  private hand(address: string, body: Blob): boolean {
    const sent = body.text().then((text) => this.ask(address, { method: 'POST', body: text }))
    void this.keep(sent.catch(() => undefined)) // nobody hears whether it arrived
    return true
  }

  private keep<T>(promise: Promise<T>): Promise<T> {
    const settled = promise.then(
      () => undefined,
      () => undefined
    )
    this.underway.add(settled)
    void settled.then(() => this.underway.delete(settled))
    return promise
  }

  private async ask(address: string, init: RequestInit): Promise<Response> {
    const { phone } = this
    if (phone.line === 'down') throw new TypeError('no line')
    const headers = new Headers(init.headers)
    if (init.body) headers.set('Content-Type', 'application/json')
    if (phone.wish !== 'none') headers.set('Sec-GPC', '1')
    phone.requests += 1
    const answer = await current.exit(() => real.fetch(phone.origin + address, { ...init, headers }))
    const told = new Response(await answer.text(), { status: answer.status, headers: answer.headers })
    const isLost = phone.line === 'lose' && address === EVENTS
    if (!isLost) return told
    phone.line = 'up'
    throw new TypeError('the answer was lost')
  }

  private async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      if (this.underway.size > 0) quiet = 0
      await Promise.all(this.underway)
      await new Promise((done) => setImmediate(done))
    }
  }
}

/** Storage as browsers have it, as far as it is used. */
export class Memory {
  private readonly kept = new Map<string, string>()
  getItem = (key: string): string | null => this.kept.get(key) ?? null
  setItem = (key: string, text: string): void => void this.kept.set(key, text)
  removeItem = (key: string): void => void this.kept.delete(key)
}

function here(): Page {
  const page = current.getStore()
  if (page === undefined) throw new Error('this code runs for no page')
  return page
}

function give(name: string, get: () => unknown): void {
  Object.defineProperty(globalThis, name, { configurable: true, get })
}

give('window', () => here().view)
give('document', () => here().document)
give('navigator', () => here().navigator)
give('localStorage', () => here().phone.storage)
give('sessionStorage', () => here().session)
give('indexedDB', () => here().phone.database)
Object.assign(globalThis, {
  fetch: (address: string, init?: RequestInit) => here().fetch(address, init),
  setTimeout(run: () => void, wait_ms?: number, ...rest: unknown[]): unknown {
    const page = current.getStore()
    return page === undefined ? real.setTimeout(run, wait_ms, ...rest) : page.setTimeout(run, wait_ms)
  },
  clearTimeout(key: unknown): void {
    if (!current.getStore()?.timers.delete(key as object)) real.clearTimeout(key as NodeJS.Timeout)
  }
})
