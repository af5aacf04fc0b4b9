/** The ways of looking on the immersive page: the chooser, which of them runs, and what is said when one ends. */
import type { Device } from '../device'
import { isKeptBack } from '../inapp'
import { ladderOf, type Rung, rungBelow } from '../ladder'
import type { Guard } from '../reload-guard'
import { isInAr, type VisitState } from '../state'
import type { Trace } from '../trace'
import type { ArControls } from './ar'
import { announce, make, makeButton, need } from './dom'
import { makeKeptBack } from './inapp'
import { openLadder, type Taken } from './ladder'
import type { Ending, Mode, ModeParts } from './mode'
import { readText } from './ruby'
import type { SceneView } from './scene-view'
import { makeSettings } from './settings'
import type { Visit } from './visit'
import type { Words } from './words'

export interface WaysParts {
  view: Window
  visit: Visit
  device: Device
  words: Words
  /** AR has controls of its own. */
  ar: ArControls
  guard: Guard
  trace: Trace | null
  /** The way of looking in which the page broke off before this one. */
  broken: Rung | null
}

type Beside = Exclude<Taken, 'ar' | 'orbit'>

/** What is said above the row, and where its button leads. */
interface Notice {
  element: HTMLElement
  next: Taken | null
}

const GONE_MS = 1500 // a session that a call ends is over a moment before its page is hidden

export class Ways {
  private scene: SceneView | null = null
  private mode: Mode | null = null
  private way: Beside | null = null
  private notice: Notice | null = null
  private shown = ''
  private readonly page: Document
  private readonly place: HTMLElement
  private readonly panel: HTMLElement
  private readonly overlay: HTMLElement
  private readonly opener: HTMLButtonElement

  constructor(private readonly parts: WaysParts) {
    this.page = parts.view.document
    this.place = need(this.page, '#ways')
    this.panel = need(this.page, '#ladder')
    this.overlay = need(this.page, '#overlay')
    this.opener = need(this.page, '#ways-open')
    this.opener.hidden = false
    this.opener.addEventListener('click', () => (this.panel.hidden ? this.openPanel() : this.closePanel()))
    this.panel.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.closePanel()
    })
    // a tap on the panel is no tap on the floor
    this.panel.addEventListener('beforexrselect', (event) => event.preventDefault())
    this.notice = this.firstNotice()
    parts.visit.listen((after, before) => this.hear(after, before))
    this.show()
  }

  /** The scene that the ways show. */
  use(scene: SceneView): void {
    this.scene = scene
    this.show()
  }

  private get isReady(): boolean {
    return this.parts.visit.state.stage.kind === 'shown' && this.scene?.stage !== null
  }

  private hear(after: VisitState, before: VisitState): void {
    const { guard } = this.parts
    if (isInAr(after.ar) && !isInAr(before.ar)) {
      guard.begin('ar')
      this.notice = null
      this.listenForContext()
    }
    if (isInAr(before.ar) && !isInAr(after.ar)) {
      guard.end()
      this.hearArEnd()
    }
    this.show()
    if (after.stage.kind !== before.stage.kind && !this.panel.hidden) this.openPanel()
  }

  /** The row under the scene, while nothing else is looked through. */
  private show(): void {
    const { words, device, visit } = this.parts
    const offersWindow = ladderOf(device).some(({ rung, lack }) => rung === 'window' && lack === null)
    const begins = !device.immersiveAr && offersWindow
    const noticed = this.notice?.next === 'window' // its button leads there: one is enough
    const key = `${begins} ${this.isReady} ${this.notice?.element.textContent} ${visit.state.ar}`
    if (key === this.shown) return
    this.shown = key
    const start = makeButton(this.page, words('ar_start'), () => void this.take('window'), 'primary')
    start.disabled = !this.isReady
    const row = make(this.page, 'div', { className: 'row' }, ...(begins && !noticed ? [start] : []))
    this.place.replaceChildren(...(this.notice === null ? [] : [this.notice.element]), row)
  }

  private firstNotice(): Notice | null {
    const { broken, device, view, words } = this.parts
    if (broken !== null) {
      const lower = rungBelow(device, broken)
      return this.makeNotice(lower === 'window' ? 'broke_off' : 'broke_off_orbit', lower === 'window' ? lower : null)
    }
    const touched = view.matchMedia('(any-pointer: coarse)').matches
    return isKeptBack(device, touched) ? { element: makeKeptBack(view, words), next: null } : null
  }

  private makeNotice(key: string, next: Taken | null, word = 'way_window'): Notice {
    const { words, visit } = this.parts
    visit.trouble(key)
    const element = make(this.page, 'div', { className: 'words notice' }, make(this.page, 'p', {}, words(key)))
    if (next !== null) {
      const go = makeButton(this.page, words(word), () => void this.take(next), 'primary')
      element.append(make(this.page, 'div', { className: 'row' }, go))
    }
    return { element, next }
  }

  private openPanel(): void {
    const { device, words, visit } = this.parts
    const scene = this.scene?.scene ?? null
    const offer = {
      device,
      now: this.now(),
      ready: this.isReady,
      title: readText(need(this.page, 'h1')),
      words_href: need<HTMLAnchorElement>(this.page, '#leave').href,
      usdz: scene?.nodes[0]?.usdz ?? null,
      poster: scene?.nodes[0]?.poster ?? ''
    }
    openLadder(this.panel, offer, { take: (way) => void this.take(way), close: () => this.closePanel() }, words)
    this.opener.setAttribute('aria-expanded', 'true')
    if (device.immersiveVr && !isInAr(visit.state.ar)) void import('./headset') // to be there within the tap
  }

  private now(): Taken {
    return isInAr(this.parts.visit.state.ar) ? 'ar' : (this.way ?? 'orbit')
  }

  private closePanel(): void {
    if (this.panel.hidden) return
    this.panel.hidden = true
    this.opener.setAttribute('aria-expanded', 'false')
    this.opener.focus()
  }

  private async take(way: Taken): Promise<void> {
    this.closePanel()
    this.notice = null
    this.mode?.end()
    if (isInAr(this.parts.visit.state.ar)) await this.leaveAr()
    if (way === 'ar') this.parts.ar.explain(true)
    else if (way !== 'orbit') await this.begin(way)
  }

  private leaveAr(): Promise<void> {
    const { ar, visit } = this.parts
    return new Promise((done) => {
      visit.listen((after) => {
        if (!isInAr(after.ar)) done()
      })
      ar.end()
    })
  }

  private async begin(way: Beside): Promise<void> {
    const { guard } = this.parts
    const open = await openerOf(way)
    const where = need(this.page, '#mode-where')
    if (this.scene === null || !this.isReady) return
    this.way = way
    this.overlay.dataset['way'] = way
    if (way === 'window') guard.begin('window')
    const parts: ModeParts = {
      ...this.parts,
      scene: this.scene,
      title: readText(need(this.page, 'h1')),
      place: need(this.page, '#mode'),
      say: (sentence) => {
        where.textContent = sentence
      },
      onEnd: (ending) => this.ended(ending)
    }
    const mode = open(parts)
    this.mode = this.way === way ? mode : null // it may have ended at once
  }

  private ended(ending: Ending): void {
    const again = this.way
    this.way = null
    this.mode = null
    delete this.overlay.dataset['way']
    need(this.page, '#mode-where').textContent = ''
    this.parts.guard.end()
    if (ending.problem !== null) {
      this.notice = this.makeNotice(ending.problem, ending.again === undefined ? null : again, ending.again)
      if (ending.settings === true) {
        this.notice.element.append(makeSettings(this.page, this.parts.device, this.parts.words))
      }
    }
    this.show()
    this.scene?.stage?.relay() // only now the page covers again what it does beside this way
    this.opener.focus()
  }

  /** A call, or the phone laid away: the page is hidden about when the session ends. Who ends it by hand still sees it. */
  private hearArEnd(): void {
    const tell = (): void => {
      this.page.removeEventListener('visibilitychange', tell)
      if (this.page.visibilityState === 'hidden') this.tell('ar_interrupted', 'ar')
    }
    if (this.page.visibilityState === 'hidden') {
      tell()
      return
    }
    this.page.addEventListener('visibilitychange', tell)
    setTimeout(() => this.page.removeEventListener('visibilitychange', tell), GONE_MS)
  }

  private listenForContext(): void {
    const lost = (): void => {
      if (!isInAr(this.parts.visit.state.ar)) return
      void this.leaveAr().then(() => this.tell('context_lost_ar', 'ar'))
    }
    this.scene?.stage?.canvas.addEventListener('webglcontextlost', lost, { once: true })
  }

  private tell(key: string, next: Taken): void {
    this.notice = this.makeNotice(key, next, 'try_again')
    this.show()
    announce(this.page, this.parts.words(key))
  }
}

/** Each way comes as a file of its own, only when it is taken. */
async function openerOf(way: Beside): Promise<(parts: ModeParts) => Mode> {
  switch (way) {
    case 'window':
      return (await import('./window')).openWindow
    case 'street':
      return (await import('./street')).openStreet
    case 'vr':
      return (await import('./headset')).openHeadset
  }
}
