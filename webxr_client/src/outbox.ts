/** Events wait here, on the phone, until the server has acknowledged them; exactly once, whatever the network does. */
import type { Clock } from './clock'
import { maySend } from './consent'
import { handOver, postBatch, requestToken } from './outbox-post'
import { type OutboxStore, openStore, type VisitMark, type Waiting } from './outbox-store'
import { makeUuid7 } from './uuid'
import { continueVisit } from './visit-id'
import type { Consent, DeviceKind, EventBatch, Language, Mode, NewEvent, TokenAnswer } from './wire'

export interface OutboxOptions {
  site: string
  time_zone: () => string
  language: () => Language
  mode: () => Mode
  device: () => DeviceKind
  consent: () => Consent
  clock: Clock
  /** For tests against a server of their own: where addresses start, and how long to gather events before sending. */
  origin?: string
  gather_ms?: number
}

export interface Outbox {
  /** Keep an event to send; dropped at once unless consent allows. */
  record: (event: NewEvent) => Promise<void>
  /** Send what waits now; also called by itself, again and again, while something waits. */
  flush: () => Promise<void>
  /** The line is back: send what waits, however long the next attempt would still have been put off. */
  resume: () => Promise<void>
  /** Consent changed: a no drops what waits and forgets the visit. */
  consentChanged: () => Promise<void>
  close: () => Promise<void>
}

const BATCH = 50
const GATHER_MS = 1500
const FIRST_RETRY_MS = 4000
const LONGEST_RETRY_MS = 300_000
const TOKEN_MARGIN_MS = 60_000

/** The outbox of a site; sends on its own, and when the page is hidden. */
export async function openOutbox(options: OutboxOptions): Promise<Outbox> {
  const store = await openStore(options.site)
  const outbox = new Box(options, store)
  await outbox.open()
  return outbox
}

/** 32 random hex digits. */
function makeVisitId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

class Box implements Outbox {
  /** What waits, oldest first; the store holds the same. In memory too, since a page that is being hidden cannot wait. */
  private readonly waiting = new Map<string, Waiting>()
  private visit: VisitMark | null = null
  private token: TokenAnswer | null = null
  private sending: Promise<void> | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private batchLimit = BATCH
  private closed = false
  private readonly onHidden = (): void => {
    if (document.visibilityState === 'hidden') this.sendAtOnce()
  }
  private readonly onOnline = (): void => void this.resume()

  constructor(
    private readonly options: OutboxOptions,
    private readonly store: OutboxStore | null
  ) {}

  async open(): Promise<void> {
    const kept = await this.store?.load()
    for (const one of kept?.waiting ?? []) this.waiting.set(one.event.id, one)
    this.visit = kept?.visit ?? null
    this.token = kept?.token ?? null
    if (typeof document !== 'undefined') {
      document.addEventListener('visibilitychange', this.onHidden)
      window.addEventListener('online', this.onOnline)
    }
    await this.consentChanged()
  }

  async record(event: NewEvent): Promise<void> {
    const consent = this.options.consent()
    if (!maySend(consent) || this.closed) return
    const at = this.options.clock.now()
    if (consent.state === 'statistics') {
      this.visit = continueVisit(this.visit, at, this.options.time_zone(), makeVisitId)
    }
    const id = makeUuid7(at, crypto.getRandomValues(new Uint8Array(10)))
    const one: Waiting = {
      event: { id, at: new Date(at).toISOString(), ...event },
      language: this.options.language(),
      mode: this.options.mode(),
      device: this.options.device(),
      visit: this.visit?.id ?? null
    }
    this.waiting.set(id, one)
    this.schedule(this.options.gather_ms ?? GATHER_MS)
    await this.store?.add(one)
    await this.store?.saveVisit(this.visit)
  }

  flush(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => {
      this.sending = null
    })
    return this.sending
  }

  async resume(): Promise<void> {
    await this.sending // an attempt begun before may fail yet
    this.failures = 0
    await this.flush()
  }

  async consentChanged(): Promise<void> {
    const consent = this.options.consent()
    if (!maySend(consent)) {
      clearTimeout(this.timer)
      this.waiting.clear()
      this.visit = null
      this.token = null
      await this.store?.clear()
      return
    }
    if (consent.state === 'necessary') await this.forgetVisit()
    if (this.waiting.size > 0) this.schedule(this.options.gather_ms ?? GATHER_MS)
  }

  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    if (typeof document !== 'undefined') {
      document.removeEventListener('visibilitychange', this.onHidden)
      window.removeEventListener('online', this.onOnline)
    }
    await this.sending
    this.store?.close()
  }

  /** Only counters are allowed now: what waits goes without the visit it belonged to. */
  private async forgetVisit(): Promise<void> {
    this.visit = null
    await this.store?.saveVisit(null)
    for (const [id, one] of this.waiting) {
      if (one.visit === null) continue
      const nameless = { ...one, visit: null }
      this.waiting.set(id, nameless)
      await this.store?.add(nameless)
    }
  }

  private schedule(wait_ms: number): void {
    clearTimeout(this.timer)
    if (!this.closed) this.timer = setTimeout(() => void this.flush(), wait_ms)
  }

  private async sendAll(): Promise<void> {
    while (!this.closed && this.waiting.size > 0 && maySend(this.options.consent())) {
      const wait_ms = await this.sendOne()
      if (wait_ms === null) continue
      this.schedule(wait_ms)
      return
    }
  }

  /** Send one batch; null when there is room for the next at once, else how long to wait in ms. */
  private async sendOne(): Promise<number | null> {
    const token = await this.freshToken()
    const [part] = this.parts()
    if (token === null) return this.retryMs(null)
    if (part === undefined) return null
    return this.settle(part, await postBatch(this.options.origin ?? '', this.makeBatch(part, token)))
  }

  private async settle(part: Waiting[], outcome: Awaited<ReturnType<typeof postBatch>>): Promise<number | null> {
    switch (outcome.kind) {
      case 'acknowledged':
        this.failures = 0
        this.batchLimit = BATCH
        await this.drop(part)
        return null
      case 'token_refused':
        this.token = null
        await this.store?.saveToken(null)
        return this.retryMs(null)
      case 'refused':
        // something in the batch offends as a whole: one by one, so that only the offending event is lost
        if (part.length > 1) this.batchLimit = 1
        else await this.drop(part)
        return null
      case 'failed':
        return this.retryMs(outcome.retry_after_s)
    }
  }

  private async drop(part: Waiting[]): Promise<void> {
    const ids = part.map(({ event }) => event.id)
    for (const id of ids) this.waiting.delete(id)
    await this.store?.remove(ids)
  }

  private retryMs(retry_after_s: number | null): number {
    this.failures += 1
    const doubled_ms = Math.min(FIRST_RETRY_MS * 2 ** (this.failures - 1), LONGEST_RETRY_MS)
    return Math.max(doubled_ms * (0.75 + Math.random() / 2), (retry_after_s ?? 0) * 1000)
  }

  /** What waits in parts that can travel: each of one visit, language, mode and device, the oldest first. */
  private parts(): Waiting[][] {
    const parts = new Map<string, Waiting[]>()
    for (const one of this.waiting.values()) {
      const key = `${one.visit} ${one.language} ${one.mode} ${one.device}`
      parts.set(key, [...(parts.get(key) ?? []), one])
    }
    return [...parts.values()].map((part) => part.slice(0, this.batchLimit))
  }

  private makeBatch(part: Waiting[], token: string): EventBatch {
    const [first] = part
    return {
      token,
      consent: this.options.consent(),
      language: first?.language ?? this.options.language(),
      mode: first?.mode ?? this.options.mode(),
      device: first?.device ?? this.options.device(),
      ...(first?.visit ? { visit: first.visit } : {}),
      events: part.map(({ event }) => event)
    }
  }

  private hasToken(): boolean {
    const ends_at = this.token === null ? 0 : Date.parse(this.token.expires_at)
    return ends_at - TOKEN_MARGIN_MS > this.options.clock.now()
  }

  private async freshToken(): Promise<string | null> {
    if (!this.hasToken()) {
      this.token = await requestToken(this.options.origin ?? '', this.options.site)
      if (this.token !== null) await this.store?.saveToken(this.token)
    }
    return this.token?.token ?? null
  }

  /**
   * The page goes out of sight, perhaps for ever: hand over what waits without waiting for anything. Nobody hears the
   * answer, so it all stays here too; if the page lives on it is sent again, and the server knows the ids.
   */
  private sendAtOnce(): void {
    if (this.token === null || !this.hasToken() || !maySend(this.options.consent())) return
    for (const part of this.parts()) handOver(this.options.origin ?? '', this.makeBatch(part, this.token.token))
  }
}
