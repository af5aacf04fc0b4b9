/** What a phone asks of the server for a card: that a code is taken, and the prize. */
import type { Io } from '../api'
import type { Rally } from '../wire'
import { type Card, isProven, type Prize, type Stamp, stampedOn } from './card'

/** Taken, refused for a reason (a code of the server's), or not now: no connection, or a server that rests. */
export type Answer<T> = { kind: 'taken'; value: T } | { kind: 'refused'; code: string } | { kind: 'later' }

/** Which rally of which site, and what reaches its server. */
export interface Place {
  site: string
  rally: Rally
  io: Io
}

const TIMEOUT_MS = 12_000

async function post<T>(address: string, body: object, io: Io): Promise<Answer<T>> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS)
  try {
    const sent_at = Date.now()
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' }
    const answer = await io.fetch(address, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      cache: 'no-store',
      signal: abort.signal
    })
    io.clock.learn(answer.headers, sent_at, Date.now())
    if (answer.ok) return { kind: 'taken', value: (await answer.json()) as T }
    if (answer.status >= 500 || answer.status === 429) return { kind: 'later' }
    const { code = 'broken' } = (await answer.json()) as { code?: string }
    return { kind: 'refused', code }
  } catch {
    return { kind: 'later' } // no connection, or an answer that broke off: asked again, the server says the same
  } finally {
    clearTimeout(timer)
  }
}

function addressOf({ site, rally }: Place, what: string): string {
  return `/api/v1/sites/${encodeURIComponent(site)}/rallies/${encodeURIComponent(rally.id)}/${what}`
}

/** Ask the server to take the code of a stamp. late: it was kept for want of a connection. */
export function sendStamp(place: Place, card: Card, stamp: Stamp, late: boolean): Promise<Answer<unknown>> {
  const body = { card: card.number, landmark: stamp.landmark, code: stamp.code ?? '', late }
  return post(addressOf(place, 'stamps'), body, place.io)
}

/** Ask for the prize of a card that has enough stamps; null while it has not, or none is given. */
export async function askPrize(place: Place, card: Card): Promise<Answer<Prize> | null> {
  if (place.rally.prize === '' || !isProven(place.rally, card)) return null
  return post(addressOf(place, 'prize'), { card: card.number, landmarks: stampedOn(card) }, place.io)
}
