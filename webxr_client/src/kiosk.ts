/**
 * The tablet at the entrance, and the same pages on a tablet of the staff. Everything is there without this script; it
 * begins anew for the next visitor, keeps the pages while there is a connection, and says when there is none.
 */
import './visitor.css'
import './kiosk.css'
import { whenCalm } from './later'
import { registerWorker } from './offline/register'
import { TABLET } from './offline/stores'
import { need } from './ui/dom'
import { offerReadAloud } from './ui/read-aloud'
import { keepRuby } from './ui/ruby'
import { makeWords, readWords, type Words } from './ui/words'

const LOOK_MS = 60_000
const KEEP_AGAIN_MS = 600_000
const TIMEOUT_MS = 8000
const TOUCHES = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'scroll', 'input'] as const

/** What is said by a page of the tablet, beside what all pages say. */
function readKioskWords(page: Document): Words {
  const sentences = JSON.parse(page.getElementById('kiosk-texts')?.textContent ?? '{}') as Record<string, string>
  return makeWords(sentences, page.documentElement.lang)
}

/** How long nobody may touch the page, and how long the question waits then. */
export interface Patience {
  after_s: number
  question_s: number
}

/** Ask whether somebody is there after so long without a touch, then begin anew; gives what stops it. */
export function watchIdle(view: Window, patience: Patience, words: Words, anew: () => void): () => void {
  const page = view.document
  const question = need<HTMLDialogElement>(page, '#still')
  const left = need(question, '.still-left')
  let timer = 0
  let left_s = 0
  const wait = (): void => {
    view.clearTimeout(timer)
    if (question.open) question.close()
    timer = view.setTimeout(ask, patience.after_s * 1000)
  }
  const ask = (): void => {
    left_s = patience.question_s
    question.showModal()
    need(question, '#stay').focus()
    count()
  }
  const count = (): void => {
    left.textContent = words('left', { count: left_s })
    left_s -= 1
    if (left_s < 0) anew()
    else timer = view.setTimeout(count, 1000)
  }
  const touched = (): void => {
    if (!question.open) wait()
  }
  for (const kind of TOUCHES) page.addEventListener(kind, touched, { passive: true, capture: true })
  need(question, '#stay').addEventListener('click', wait)
  need(question, '#anew').addEventListener('click', anew)
  question.addEventListener('cancel', wait) // Escape means that somebody is there
  wait()
  return () => {
    view.clearTimeout(timer)
    for (const kind of TOUCHES) page.removeEventListener(kind, touched, { capture: true })
  }
}

/** Nothing of a visitor is left for the next one: no history, nothing stored, no voice still reading. */
export function forgetVisitor(view: Window): void {
  view.localStorage.clear()
  view.sessionStorage.clear()
  for (const name of view.document.cookie.split('; ').map((pair) => pair.split('=')[0])) {
    view.document.cookie = `${name}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT`
  }
  const speech = view.speechSynthesis as SpeechSynthesis | undefined
  speech?.cancel()
  view.scrollTo(0, 0)
}

/** Go to a page of the tablet without adding to its history; where nothing answers, the page stays as it is. */
async function go(view: Window, href: string): Promise<boolean> {
  const kept = view.navigator.serviceWorker?.controller ?? null // it has the pages, with or without a connection
  if (kept === null && (await fetchPage(view, href)) === null) return false
  view.location.replace(href)
  return true
}

async function fetchPage(view: Window, href: string): Promise<Response | null> {
  const abort = new AbortController()
  const timer = view.setTimeout(() => abort.abort(), TIMEOUT_MS)
  try {
    const answer = await view.fetch(href, { cache: 'no-cache', signal: abort.signal })
    return answer.ok ? answer : null
  } catch {
    return null
  } finally {
    view.clearTimeout(timer)
  }
}

/** Links lead on in place: the way back is a button of the page, and no history is left to walk through. */
function leadInPlace(view: Window, onLost: () => void): void {
  view.document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null
    if (link === null || event.defaultPrevented) return
    event.preventDefault()
    void go(view, link.getAttribute('href') ?? '').then((gone) => {
      if (!gone) onLost()
    })
  })
  view.document.addEventListener('contextmenu', (event) => event.preventDefault())
}

/** What changes by the hour is fetched anew each minute; without an answer the page says since when it knows. */
function stayFresh(view: Window, words: Words, rests: boolean): () => void {
  const page = view.document
  const lost = need(page, '#lost')
  let tag = ''
  let known_at: number | null = null
  const sayLost = async (): Promise<void> => {
    const when = new Intl.DateTimeFormat(page.documentElement.lang, { hour: '2-digit', minute: '2-digit' })
    lost.textContent = words('lost', { when: when.format(known_at ?? (await keptAt(view))) })
    lost.hidden = false
  }
  const look = async (): Promise<void> => {
    const answer = await fetchPage(view, view.location.pathname)
    if (answer === null) return sayLost()
    lost.hidden = true
    known_at = Date.now()
    const now = answer.headers.get('etag') ?? ''
    const isNewer = tag !== '' && now !== tag
    tag = now
    if (isNewer && rests) view.location.reload()
    else if (isNewer) takeIn(page, new DOMParser().parseFromString(await answer.text(), 'text/html'))
  }
  void look()
  view.setInterval(() => void look(), LOOK_MS)
  view.addEventListener('online', () => void look())
  view.addEventListener('offline', () => void sayLost())
  return () => void sayLost()
}

/** When the kept copy of this page was fetched; now where there is none. */
async function keptAt(view: Window): Promise<number> {
  const kept = 'caches' in view ? await view.caches.match(view.location.pathname, { ignoreVary: true }) : undefined
  const at = Date.parse(kept?.headers.get('date') ?? '')
  return Number.isNaN(at) ? Date.now() : at
}

/** The parts that may change while somebody reads, in place; what is read stays where it is. */
export function takeIn(page: Document, newer: Document): void {
  for (const part of page.querySelectorAll<HTMLElement>('[data-live]')) {
    const next = newer.querySelector(`[data-live="${part.dataset['live']}"]`)
    if (next !== null && next.innerHTML !== part.innerHTML)
      part.replaceChildren(...page.importNode(next, true).childNodes)
  }
}

/** Keep every page of the tablet, and the pictures on them, for when the connection is gone. */
export async function keepPages(view: Window, pages: readonly string[]): Promise<void> {
  const cache = await view.caches.open(TABLET)
  const first = pages[0] ?? ''
  const before = await cache.match(first)
  const at = Date.parse(before?.headers.get('date') ?? '')
  if (Date.now() - at < KEEP_AGAIN_MS) return
  for (const page of [...pages.slice(1), first]) {
    const answer = await fetchPage(view, page)
    if (answer === null) return // the first page comes last: it says that all of them are there
    const text = await answer.clone().text()
    await cache.put(page, answer)
    const pictures = new DOMParser().parseFromString(text, 'text/html').querySelectorAll('img')
    for (const { src } of pictures) await view.fetch(src).catch(() => null) // its files are kept by the worker
  }
}

function setUpPrint(view: Window): void {
  const button = view.document.getElementById('print')
  if (button === null) return
  button.hidden = false
  button.addEventListener('click', () => view.print())
}

function setUpTablet(view: Window, first: string): void {
  const page = view.document
  const { after, question } = page.body.dataset
  const rests = view.location.pathname === first
  const words = readKioskWords(page)
  const sayLost = stayFresh(view, words, rests)
  leadInPlace(view, sayLost)
  view.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) view.location.reload() // a page of the visitor before
  })
  const keep = page.getElementById('keep')
  if (rests) forgetVisitor(view)
  else {
    const patience = { after_s: Number(after), question_s: Number(question) }
    const anew = (): void => {
      forgetVisitor(view)
      void go(view, first).then((gone) => {
        if (gone) return
        sayLost()
        begin()
      })
    }
    let stop = (): void => undefined
    const begin = (): void => {
      stop()
      stop = watchIdle(view, patience, words, anew)
    }
    begin()
  }
  registerWorker(view, (run) => whenCalm(view, run))
  if (keep !== null && 'caches' in view) {
    const pages = JSON.parse(keep.textContent ?? '[]') as string[]
    whenCalm(view, () => void keepPages(view, pages))
    view.setInterval(() => void keepPages(view, pages), KEEP_AGAIN_MS)
  }
}

/** Bring a page of the tablet alive. */
export function setUpKiosk(view: Window): void {
  const page = view.document
  const { first, after } = page.body.dataset
  keepRuby(page)
  setUpPrint(view)
  if (page.getElementById('story') !== null) offerReadAloud(view, readWords(page))
  const room = page.getElementById('room')
  if (room !== null) void import('./kiosk-scene').then(({ showModel }) => showModel(page, room, readWords(page)))
  if (first !== undefined && after !== undefined) setUpTablet(view, first)
}

if (document.documentElement.dataset['kind'] === 'kiosk') setUpKiosk(window)
