/** One visit while a page is open: its state, and everything outside that moves it. */
import { type Io, type Problem, watchSite } from '../api'
import { type Clock, createClock } from '../clock'
import { maySend, readConsent } from '../consent'
import { keepUpLater } from '../offline/contact'
import type { Outbox } from '../outbox'
import { createTeller } from '../said'
import { type Action, eventsBetween, isInAr, type NewEvent, nextMoment, reduce, START, type VisitState } from '../state'
import type { Language, Mode } from '../wire'
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
  tell: (event: NewEvent) => void
}

const LONGEST_WAIT_MS = 3_600_000 // a longer timer would drift, and overflows after 24 days

/** A visit whose state changes only through `dispatch`. base: what the addresses of documents begin with in a preview. */
export function createVisit(site: string, language: string, clock: Clock, base = ''): Visit {
  const listeners: Listener[] = []
  const outbox = base === '' ? new LazyOutbox(site, language, clock) : null
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
      outbox?.hear(before, state)
      for (const listener of listeners) listener(state, before)
      const here = state.trigger.current
      if (here !== null && here !== before.trigger.current && base === '' && state.site?.rallies?.length)
        void import('../rally/collect').then(({ collectHere }) => collectHere(this, here))
    },
    listen: (listener) => listeners.push(listener),
    consentChanged: () => outbox?.consentChanged(),
    tell: (event) => outbox?.note([event])
  }
}

/** Opened only once something may be counted, and with a site document, whose time zone it needs. */
class LazyOutbox {
  private opening: Promise<Outbox> | null = null
  private latest: VisitState = START
  private readonly teller = createTeller(sessionStorage, async (event) => (await this.open())?.record(event))

  constructor(
    private readonly site: string,
    private readonly language: string,
    private readonly clock: Clock
  ) {}

  hear(before: VisitState, after: VisitState): void {
    this.latest = after
    // a server that was away alone: the browser knows of no lost line, and says nothing when it is back
    if (before.link === 'offline' && after.link === 'online') void this.opening?.then((outbox) => outbox.resume())
    this.note(eventsBetween(before, after))
  }

  note(events: NewEvent[]): void {
    if (maySend(readConsent(localStorage, CONSENT_TEXT))) this.tell(events)
  }

  consentChanged(): void {
    void this.open()?.then((outbox) => outbox.consentChanged())
    // whoever says yes now is where they are now
    if (maySend(readConsent(localStorage, CONSENT_TEXT))) this.tell(eventsBetween(START, this.latest))
  }

  private tell(events: NewEvent[]): void {
    void this.open() // without news too: something may wait from the page before
    this.teller(events, this.clock.now())
  }

  private open(): Promise<Outbox> | null {
    const time_zone = this.latest.site?.site.time_zone
    if (time_zone === undefined) return null
    this.opening ??= import('../outbox').then((module) =>
      module.openOutbox({
        site: this.site,
        time_zone,
        language: () => this.language as Language,
        mode: () => modeOf(this.latest),
        consent: () => readConsent(localStorage, CONSENT_TEXT),
        clock: this.clock
      })
    )
    this.opening.catch(() => {
      this.opening = null // its script could not be had just now
    })
    return this.opening
  }
}

function modeOf(state: VisitState): Mode {
  if (isInAr(state.ar)) return 'ar'
  if (state.window) return 'window'
  return state.stage.kind === 'shown' ? 'orbit' : 'page'
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
