/** How events travel: one POST, and what its answer means for what was sent. */
import type { EventAnswer, EventBatch, ProblemAnswer, TokenAnswer } from './wire'

/** Acknowledged: every event was stored, known, or refused for good. Failed: nothing is known, send the same again. */
export type Posted =
  | { kind: 'acknowledged' }
  | { kind: 'token_refused' }
  | { kind: 'refused' }
  | { kind: 'failed'; retry_after_s: number | null }

const TIMEOUT_MS = 15_000
const JSON_HEADERS = { 'Content-Type': 'application/json' }

/** Post a batch and hear what became of it. */
export async function postBatch(origin: string, batch: EventBatch): Promise<Posted> {
  const answer = await post(`${origin}/api/v1/events`, batch)
  if (answer === null) return { kind: 'failed', retry_after_s: null }
  if (answer.ok) return readAnswer(answer, batch.events.length)
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
    const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN)
    return { kind: 'failed', retry_after_s: Number.isFinite(seconds) ? seconds : null }
  }
  const problem = (await answer.json().catch(() => null)) as Partial<ProblemAnswer> | null
  return { kind: problem?.code?.startsWith('token_') ? 'token_refused' : 'refused' }
}

/** Give a batch to the browser, which sends it even when the page is gone by then; its answer is heard by nobody. */
export function handOver(origin: string, batch: EventBatch): void {
  navigator.sendBeacon(`${origin}/api/v1/events`, new Blob([JSON.stringify(batch)], { type: 'application/json' }))
}

async function readAnswer(answer: Response, sent: number): Promise<Posted> {
  const said = (await answer.json().catch(() => null)) as EventAnswer | null
  const settled = said === null ? -1 : said.accepted + said.duplicate + said.rejected.length
  // an answer that does not speak of every event is not the server's own: some gateway's page, or cut off
  return settled === sent ? { kind: 'acknowledged' } : { kind: 'failed', retry_after_s: null }
}

/** A token for a site; null when none can be had now. */
export async function requestToken(origin: string, site: string): Promise<TokenAnswer | null> {
  const answer = await post(`${origin}/api/v1/visit-tokens`, { site })
  if (answer === null || !answer.ok) return null
  return (await answer.json().catch(() => null)) as TokenAnswer | null
}

async function post(address: string, body: unknown): Promise<Response | null> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS)
  try {
    return await fetch(address, {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify(body),
      credentials: 'omit',
      cache: 'no-store',
      signal: abort.signal
    })
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}
