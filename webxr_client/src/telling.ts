/** What the figures hear of a visit, and only once something may be counted: this file comes later and by itself. */
import type { Clock } from './clock'
import { maySend } from './consent'
import { eventsBetween, subjectOf, wayOf } from './happened'
import { type Outbox, openOutbox } from './outbox'
import { reasonOf } from './reasons'
import { createTeller } from './said'
import { isInAr, START, type VisitState } from './state'
import { isComplete, NO_SIGHT, NO_STAY, nextLookMs, openSpot, type Sight, type Stay, stepSight, stepStay } from './stay'
import type { Consent, ConsentState, DeviceKind, Happening, Language, Mode, NewEvent, SceneHappening } from './wire'

export interface TellingParts {
  view: Window
  site: string
  language: Language
  clock: Clock
  consent: () => Consent
  /** Of a page that has no site document. */
  time_zone?: string
}

export interface Telling {
  /** The visit is in another state now. */
  hear: (after: VisitState) => void
  tell: (happening: Happening) => void
  /** Something did not work; the key names the sentence that was said. */
  trouble: (key: string) => void
  /** Another choice was made about counting, while the visit is in a state. */
  consentChanged: (now: VisitState) => Promise<void>
  close: () => Promise<void>
}

const CODE = /^[0-9A-HJKMNP-TV-Z]{6}$/ // of a short link, as domain/sealed_code.py writes them
const PHONE_PX = 600
const DAY_MS = 86_400_000
/** Without a scene they say nothing. */
const OF_SCENE: Record<SceneHappening['type'], true> = {
  scene_opened: true,
  ar_started: true,
  ar_ended: true,
  aligned: true,
  scene_placed: true,
  scene_completed: true,
  era_changed: true,
  hotspot_opened: true,
  sound_played: true,
  photo_taken: true
}

/** Begin for a page. */
export async function openTelling(parts: TellingParts): Promise<Telling> {
  let telling: LiveTelling | null = null
  // before the outbox listens too: what is told as the page goes out of sight shall go with what it hands over then
  const onSeen = (): void => telling?.look()
  parts.view.document.addEventListener('visibilitychange', onSeen)
  const outbox = await openOutbox({
    site: parts.site,
    time_zone: () => telling?.state.site?.site.time_zone ?? parts.time_zone ?? 'UTC',
    language: () => parts.language,
    mode: () => modeOf(telling?.state ?? START),
    device: () => deviceOf(parts.view, telling?.state ?? START),
    consent: parts.consent,
    clock: parts.clock
  })
  telling = new LiveTelling(parts, outbox, onSeen)
  return telling
}

class LiveTelling implements Telling {
  state = START
  private stay: Stay = NO_STAY
  private sight: Sight = NO_SIGHT
  private timer: ReturnType<typeof setTimeout> | undefined
  private choice: ConsentState
  private readonly link: string | null
  private readonly teller

  constructor(
    private readonly parts: TellingParts,
    private readonly outbox: Outbox,
    private readonly onSeen: () => void
  ) {
    this.choice = parts.consent().state
    this.link = linkOf(parts.view)
    this.teller = createTeller(parts.view.sessionStorage, (event) => outbox.record(event))
  }

  hear(after: VisitState): void {
    const before = this.state
    this.say(this.passTime(after))
    this.state = after
    // a server that was away alone: the browser knows of no lost line, and says nothing when it is back
    if (before.link === 'offline' && after.link === 'online') void this.outbox.resume()
    this.say(eventsBetween(before.site === null ? START : before, after))
    if (before.site === null && after.site !== null) this.tellCoupon()
  }

  tell(happening: Happening): void {
    const event = this.complete(happening)
    if (event === null) return
    if (event.type === 'hotspot_opened') this.sight = openSpot(this.sight, event.hotspot)
    this.say([event])
    this.look()
  }

  trouble(key: string): void {
    const reason = reasonOf(key)
    if (reason !== null) this.tell({ type: 'failed', reason })
  }

  async consentChanged(now: VisitState): Promise<void> {
    const [before, after] = [this.state === START ? 'unset' : this.choice, this.parts.consent().state]
    this.choice = after
    this.state = now
    // with less than before the same visit goes on, without its number
    const goesOn = before === after || (before === 'statistics' && after === 'necessary')
    if (!goesOn) this.beginAnew()
    await this.outbox.consentChanged()
  }

  /** Another visit, to which nothing has been told: where the visitor is now, since now. At once: the page goes on telling. */
  private beginAnew(): void {
    this.teller.forget()
    this.stay = NO_STAY
    this.sight = NO_SIGHT
    this.look()
    this.say(eventsBetween(START, this.state))
    if (this.state.site !== null) this.tellCoupon()
  }

  async close(): Promise<void> {
    clearTimeout(this.timer)
    this.parts.view.document.removeEventListener('visibilitychange', this.onSeen)
    await this.outbox.close()
  }

  /** Look at the clocks: it is time, or the page has come into sight or gone out of it. */
  look(): void {
    this.say(this.passTime(this.state))
  }

  /** Let the clocks go on to now, where the visit goes over into a state; what they have to tell is of the state before. */
  private passTime(after: VisitState): NewEvent[] {
    const { view } = this.parts
    const now_ms = view.performance.now()
    const inSight = view.document.visibilityState === 'visible'
    const { stay, told } = stepStay(this.stay, inSight ? after.trigger.current : null, now_ms)
    const events: NewEvent[] = told === null ? [] : [{ type: 'landmark_stayed', ...told }]
    this.stay = stay
    const seen = this.sight
    this.sight = stepSight(seen, after.open, inSight && isSeen(after), now_ms)
    const subject = subjectOf(after)
    const spots = after.stage.kind === 'shown' ? after.stage.spots : 0
    if (subject !== null && after.stage.kind === 'shown' && isComplete(this.sight, spots))
      events.push({ type: 'scene_completed', ...subject })
    this.schedule()
    return events
  }

  private schedule(): void {
    clearTimeout(this.timer)
    const wait_ms = nextLookMs(this.stay, this.sight)
    if (wait_ms !== null) this.timer = setTimeout(() => this.look(), wait_ms + 1)
  }

  private complete(happening: Happening): NewEvent | null {
    const subject = subjectOf(this.state)
    if (isOfScene(happening)) return subject === null ? null : { ...happening, ...subject }
    const mayName = happening.type === 'failed' || happening.type === 'permission_refused'
    return mayName && subject !== null ? { ...happening, experience: subject.experience } : happening
  }

  private say(events: readonly NewEvent[]): void {
    if (events.length === 0 || !maySend(this.parts.consent())) return
    const { link } = this
    const linked = events.map((event) => (event.type === 'site_opened' && link !== null ? { ...event, link } : event))
    this.teller(linked, this.parts.clock.now())
  }

  /** The page of a coupon says that it was used, and when: told once by a phone, on the day on which it was. */
  private tellCoupon(): void {
    const { view, clock } = this.parts
    const { campaign, usedAt } = view.document.querySelector<HTMLElement>('[data-campaign]')?.dataset ?? {}
    if (campaign === undefined || usedAt === undefined) return
    const key = `coupon-told ${campaign}`
    if (view.localStorage.getItem(key) !== null || clock.now() - Number(usedAt) > DAY_MS) return
    if (!maySend(this.parts.consent())) return
    view.localStorage.setItem(key, usedAt)
    this.tell({ type: 'coupon_redeemed', campaign })
  }
}

function isOfScene(happening: Happening): happening is SceneHappening {
  return happening.type in OF_SCENE
}

/** Whether the model is before the visitor: in AR only once it stands somewhere. */
function isSeen({ stage, ar }: VisitState): boolean {
  return stage.kind === 'shown' && (!isInAr(ar) || ar === 'placed' || ar === 'overlaid')
}

/** The code of the short link that led here, kept nowhere before a choice is made: it stands in the address of the page, or
 * in that of the page before, which was left before it told anything or on which nothing might be told yet. */
function linkOf(view: Window): string | null {
  for (const address of [view.location.href, view.document.referrer]) {
    if (!address.startsWith(`${view.location.origin}/`)) continue
    const code = new URL(address).searchParams.get('utm_id') ?? ''
    if (CODE.test(code)) return code
  }
  return null
}

function modeOf(state: VisitState): Mode {
  const way = wayOf(state)
  if (way !== null) return way === 'window' ? 'window' : 'ar'
  return state.stage.kind === 'shown' ? 'orbit' : 'page'
}

/** By what is touched and how large the screen is, never by a name. */
function deviceOf(view: Window, { beside }: VisitState): DeviceKind {
  if (beside === 'headset') return 'headset'
  if (!view.matchMedia('(any-pointer: coarse)').matches || view.matchMedia('(pointer: fine)').matches) return 'desktop'
  return Math.min(view.screen.width, view.screen.height) < PHONE_PX ? 'phone' : 'tablet'
}
