/** Reading from the server. What goes wrong is a value with the key of a sentence, so that a page always says it. */
import type { Clock } from './clock'
import type { ProblemAnswer, SceneDocument, SiteDocument } from './wire'

export type ProblemCode = 'offline' | 'missing' | 'withdrawn' | 'busy' | 'refused' | 'broken'

/** Why something could not be loaded; `key` names the sentence in the page's texts, `problem_` and the code. */
export interface Problem {
  code: ProblemCode
  key: `problem_${ProblemCode}`
  retry_after_s: number | null
}

export type Loaded<T> = { ok: true; value: T; from_cache: boolean } | { ok: false; problem: Problem }

/** What reading needs of its surroundings. */
export interface Io {
  fetch: typeof fetch
  clock: Clock
}

/** What following a site tells: each new document, and whether the server could be reached. */
export interface SiteListener {
  onSite: (site: SiteDocument) => void
  onLink: (link: 'online' | 'offline') => void
  onProblem: (problem: Problem) => void
}

/** Following a site; `refresh` asks at once, `stop` ends it. */
export interface SiteWatch {
  refresh: () => void
  stop: () => void
}

const TIMEOUT_MS = 12_000
const PERIOD_MS = 57_000 // the longest: what staff publish is here within a minute, with the second the server takes
const JITTER = 0.2 // phones that opened a page at the same moment must not ask at the same moment for ever
const LONGEST_PERIODS = 8

export function makeProblem(code: ProblemCode, retry_after_s: number | null = null): Problem {
  return { code, key: `problem_${code}`, retry_after_s }
}

/** The site document in a language. */
export async function loadSite(site: string, language: string, io: Io): Promise<Loaded<SiteDocument>> {
  return readAnswer<SiteDocument>(await ask(siteAddress(site, language), null, io))
}

/** The manifest of a scene in a language. */
export async function loadScene(site: string, scene: string, language: string, io: Io): Promise<Loaded<SceneDocument>> {
  const address = `/api/v1/sites/${encodeURIComponent(site)}/scenes/${encodeURIComponent(scene)}`
  return readAnswer<SceneDocument>(await ask(`${address}?lang=${encodeURIComponent(language)}`, null, io))
}

function siteAddress(site: string, language: string): string {
  return `/api/v1/sites/${encodeURIComponent(site)}?lang=${encodeURIComponent(language)}`
}

/** One GET with the tag of what is already there; null when the server cannot be reached. Teaches the clock. */
async function ask(address: string, etag: string | null, io: Io): Promise<Response | null> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS)
  const headers = etag === null ? {} : { 'If-None-Match': etag }
  const sent_at = Date.now()
  try {
    const answer = await io.fetch(address, { headers, cache: 'no-store', signal: abort.signal })
    io.clock.learn(answer.headers, sent_at, Date.now())
    return answer
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}

async function readAnswer<T>(answer: Response | null): Promise<Loaded<T>> {
  if (answer === null) return { ok: false, problem: makeProblem('offline') }
  if (!answer.ok) return { ok: false, problem: await readProblem(answer) }
  try {
    return { ok: true, value: (await answer.json()) as T, from_cache: answer.headers.has('x-from-cache') }
  } catch {
    return { ok: false, problem: makeProblem('broken') } // cut off on the way, or not JSON at all
  }
}

async function readProblem(answer: Response): Promise<Problem> {
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN)
  const retry_after_s = Number.isFinite(seconds) ? seconds : null
  if (answer.status === 404) return makeProblem('missing')
  if (answer.status === 410) return makeProblem('withdrawn')
  if (answer.status === 429 || answer.status === 503) return makeProblem('busy', retry_after_s)
  const problem = (await answer.json().catch(() => null)) as Partial<ProblemAnswer> | null
  return makeProblem(answer.status < 500 && problem?.code !== undefined ? 'refused' : 'broken')
}

interface Known {
  etag: string | null
  failures: number
  link: 'online' | 'offline' | null
}

/**
 * Follow the site document: at once, then at least once a minute, less often while the server does not answer.
 * The last good document stays valid; `onSite` is called only when the document differs from the last one.
 */
export function watchSite(
  site: string,
  language: string,
  listener: SiteListener,
  io: Io & { random: () => number; period_ms?: number }
): SiteWatch {
  const known: Known = { etag: null, failures: 0, link: null }
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let stopped = false
  const turn = async (): Promise<void> => {
    if (running || stopped) return
    running = true
    clearTimeout(timer)
    const answer = await ask(siteAddress(site, language), known.etag, io)
    if (!stopped) await hear(answer, known, listener)
    running = false
    if (!stopped) timer = setTimeout(turn, waitMs(known.failures, io.period_ms ?? PERIOD_MS, io.random()))
  }
  void turn()
  return {
    refresh: () => void turn(),
    stop: () => {
      stopped = true
      clearTimeout(timer)
    }
  }
}

/** How long to wait after so many failures in a row: the period doubled for each, or less by the jitter. */
export function waitMs(failures: number, period_ms: number, random: number): number {
  const periods = Math.min(2 ** failures, LONGEST_PERIODS)
  return period_ms * periods * (1 - JITTER * random)
}

async function hear(answer: Response | null, known: Known, listener: SiteListener): Promise<void> {
  const reached = answer !== null && !answer.headers.has('x-from-cache')
  const link = reached ? 'online' : 'offline'
  if (link !== known.link) listener.onLink(link)
  known.link = link
  known.failures = reached && answer.status < 500 ? 0 : known.failures + 1
  if (answer === null || answer.status === 304) return sayIfNothing(answer, known, listener)
  const etag = answer.headers.get('etag')
  if (answer.ok && etag !== null && etag === known.etag) return
  const loaded = await readAnswer<SiteDocument>(answer)
  if (loaded.ok) {
    known.etag = etag
    listener.onSite(loaded.value)
  } else {
    listener.onProblem(loaded.problem)
  }
}

function sayIfNothing(answer: Response | null, known: Known, listener: SiteListener): void {
  if (answer === null && known.etag === null) listener.onProblem(makeProblem('offline'))
}
