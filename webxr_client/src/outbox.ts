/** Events wait here, on the phone, until the server has acknowledged them; exactly once, whatever the network does. */
import type { Clock } from './clock'
import type { NewEvent } from './state'
import type { Consent, Language, Mode } from './wire'

export interface OutboxOptions {
  site: string
  time_zone: string
  language: () => Language
  mode: () => Mode
  consent: () => Consent
  clock: Clock
}

export interface Outbox {
  /** Keep an event to send; dropped at once unless consent allows. */
  record: (event: NewEvent) => Promise<void>
  /** Send what waits now; also called by itself, again and again, while something waits. */
  flush: () => Promise<void>
  /** Consent changed: a no drops what waits and forgets the visit. */
  consentChanged: () => Promise<void>
  close: () => Promise<void>
}

/** The outbox of a site; sends on its own, and when the page is hidden. */
export declare function openOutbox(options: OutboxOptions): Promise<Outbox>
