/** One visit while a page is open: its state, and everything outside that moves it. */
import { type Io, type Problem, watchSite } from '../api'
import { type Clock, createClock } from '../clock'
import { maySend, readConsent, type Wish } from '../consent'
import { keepUpLater } from '../offline/contact'
import { type Action, nextMoment, reduce, START, type VisitState } from '../state'
import type { Telling } from '../telling'
import type { Consent, Happening, Language } from '../wire'
import { CONSENT_TEXT } from './consent-panel'

/** Called after every change with the state before and after it. */
export type Listener = (after: VisitState, before: VisitState) => void

export interface Visit {
  readonly state: VisitState
  readonly io: Io
  readonly site: string
  readonly language: string
  /** A draft is looked at, below an address of its own: nothing is counted, nothing kept. */
  readonly isPreview: boolean
  dispatch: (action: Action) => void
  listen: (listener: Listener) => void
  consentChanged: () => void
  /** Tell the figures of something that changes nothing here; dropped unless consent allows. */
  tell: (happening: Happening) => void
  /** Tell them that something did not work; the key names the sentence that was said. */
  trouble: (key: string) => void
}

const LONGEST_WAIT_MS = 3_600_000 // a longer timer would drift, and overflows after 24 days

/** A visit whose state changes only through `dispatch`. base: what the addresses of documents begin with in a preview. */
export function createVisit(site: string, language: string, clock: Clock, base = ''): Visit {
  const listeners: Listener[] = []
  const telling = base === '' ? new LazyTelling(site, language, clock) : null
  let state = START
  return {
    get state() {
      return state
    },
    io: { fetch: (input, init) => fetch(typeof input === 'string' ? base + input : input, init), clock },
    site,
    language,
    isPreview: base !== '',
    dispatch(action) {
      const before = state
      state = reduce(state, action)
      if (state === before) return
      const now = state
      if (now.site !== null) telling?.run((it) => it.hear(now))
      for (const listener of listeners) listener(state, before)
      const here = state.trigger.current
      if (here !== null && here !== before.trigger.current && base === '' && state.site?.rallies?.length)
        void import('../rally/collect').then(({ collectHere }) => collectHere(this, here))
    },
    listen: (listener) => listeners.push(listener),
    consentChanged: () => telling?.run((it) => void it.consentChanged(state), true),
    tell: (happening) => telling?.run((it) => it.tell(happening)),
    trouble: (key) => telling?.run((it) => it.trouble(key))
  }
}

/** Comes only once something may be counted; what happens until it is there is told in order. */
class LazyTelling {
  private opening: Promise<Telling> | null = null

  constructor(
    private readonly site: string,
    private readonly language: string,
    private readonly clock: Clock
  ) {}

  /** Do something with it if something may be counted; also when the choice about that was changed. */
  run(act: (telling: Telling) => void, isChoice = false): void {
    if (!isChoice && !maySend(readNow())) return
    this.opening ??= import('../telling').then(({ openTelling }) =>
      openTelling({
        view: window,
        site: this.site,
        language: this.language as Language,
        consent: readNow,
        clock: this.clock
      })
    )
    this.opening.then(act, () => {
      this.opening = null // its script could not be had just now
    })
  }
}

function readNow(): Consent {
  return readConsent(localStorage, CONSENT_TEXT, navigator as Wish)
}

/** A clock for a page, corrected by the server and remembered. */
export function createPageClock(storage: Storage): Clock {
  return createClock(() => Date.now(), storage)
}

/** Follow the site document, and wake at the very moment something begins or ends. */
export function followSite(visit: Visit, onProblem: (problem: Problem) => void): void {
  let told = false
  watchSite(
    visit.site,
    visit.language,
    {
      onSite: (site) => {
        const isNews = visit.state.site !== null
        visit.dispatch({ type: 'site_loaded', site, at: visit.io.clock.now() })
        if (site.notices?.length && !told) {
          told = true
          import('./notices').then(
            (it) => it.followNotices(document, visit, isNews),
            () => {
              told = false // no connection: with the next document again
            }
          )
        }
        if (visit.state.link === 'online' && !visit.isPreview) keepUpLater(window, site)
      },
      onLink: (link) => visit.dispatch({ type: 'link_changed', link }),
      onProblem
    },
    { ...visit.io, random: Math.random }
  )
  wakeInTime(visit)
}

function wakeInTime(visit: Visit): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const pass = (): void => visit.dispatch({ type: 'time_passed', at: visit.io.clock.now() })
  visit.listen((after, before) => {
    if (after.at === before.at && after.site === before.site) return
    clearTimeout(timer)
    const moment = nextMoment(after) ?? Number.POSITIVE_INFINITY
    const wait_ms = Math.min(Math.max(moment - visit.io.clock.now(), 0) + 1, LONGEST_WAIT_MS)
    timer = setTimeout(pass, wait_ms)
  })
  // a phone in a pocket stops its timers: look again as soon as the page is seen
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && visit.state.site !== null) pass()
  })
}
