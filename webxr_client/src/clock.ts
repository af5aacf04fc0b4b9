/** The moment as the server sees it: a phone's own clock may be minutes wrong, seasons must switch at the right second. */

/** A clock in ms UTC that answers of the server correct. */
export interface Clock {
  /** The corrected moment in ms UTC. */
  now(): number
  /** Learn from one answer: its headers, and the phone's time when the question left and the answer came. */
  learn(headers: Headers, sent_at: number, received_at: number): void
}

interface Bounds {
  low_ms: number
  high_ms: number
}

const SECOND_MS = 1000
const KEY = 'clock-bounds'

/**
 * A clock over the phone's own. Each answer bounds the difference: the server wrote its Date (whole seconds, cut off)
 * after the question left and before the answer came; several answers together narrow it to a fraction of a second.
 * The bounds are kept in storage so that a reload without network still knows them.
 */
export function createClock(device: () => number, storage: Storage | null): Clock {
  let bounds = readBounds(storage)
  return {
    now: () => device() + (bounds === null ? 0 : Math.round((bounds.low_ms + bounds.high_ms) / 2)),
    learn(headers, sent_at, received_at) {
      const found = boundsOf(headers, sent_at, received_at)
      if (found === null) return
      bounds = narrow(bounds, found)
      storage?.setItem(KEY, JSON.stringify(bounds))
    }
  }
}

function boundsOf(headers: Headers, sent_at: number, received_at: number): Bounds | null {
  const written_at = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(written_at) || headers.has('x-from-cache')) return null
  const age_ms = Number(headers.get('age') ?? 0) * SECOND_MS // a cache on the way kept it this long, also cut off
  const slack_ms = headers.has('age') ? 2 * SECOND_MS : SECOND_MS
  return { low_ms: written_at + age_ms - received_at, high_ms: written_at + age_ms + slack_ms - sent_at }
}

function narrow(known: Bounds | null, found: Bounds): Bounds {
  if (known === null) return found
  const both = { low_ms: Math.max(known.low_ms, found.low_ms), high_ms: Math.min(known.high_ms, found.high_ms) }
  return both.low_ms <= both.high_ms ? both : found // they disagree when somebody set the phone's clock in between
}

function readBounds(storage: Storage | null): Bounds | null {
  const text = storage?.getItem(KEY)
  if (text === null || text === undefined) return null
  const bounds = JSON.parse(text) as Bounds
  return Number.isFinite(bounds.low_ms) && Number.isFinite(bounds.high_ms) ? bounds : null
}
