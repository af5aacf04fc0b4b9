/** Controls of the immersive page: what this phone can do, one explained step before the camera, and three buttons in AR. */
import type { Device } from '../device'
import { queryPermission, watchPosition } from '../geo/position'
import { isInAr, type VisitState } from '../state'
import type { Trace } from '../trace'
import type { SceneNode } from '../wire'
import type { ArSession, ArState, startAr } from '../xr/session'
import { type Aligning, startAligning } from './aligning'
import { announce, make, makeButton, need, setText } from './dom'
import { type Idle, watchIdle } from './idle'
import { askInTap } from './permission'
import { readText } from './ruby'
import type { SceneView } from './scene-view'
import { SignFirst } from './sign-first'
import type { Visit } from './visit'
import { readWalk } from './walk'
import { createWarning, type Warning } from './warning'
import type { Words } from './words'

type Step = 'view' | 'explain' | ArState

const EVERY_MS = 1000 // how sure the place is changes slowly
const NOTE_MS = 6000

/** The bottom line of the page, and the top line's sentence while AR runs. */
export class ArControls {
  private view: SceneView | null = null
  private session: ArSession | null = null
  private start: typeof startAr | null = null
  private explaining = false
  private problem: string | null = null
  private shown = ''
  private aligning: Aligning | null = null
  private walking = false
  private idle: Idle | null = null
  private rested = false
  private note: string | null = null
  private readonly sign: SignFirst
  private readonly warning: Warning
  private stopPosition = (): void => undefined
  private ticking: ReturnType<typeof setInterval> | undefined
  private readonly bottom: HTMLElement
  private readonly where: HTMLElement
  private readonly honest: string

  constructor(
    private readonly page: Document,
    private readonly visit: Visit,
    private readonly device: Device,
    private readonly words: Words,
    private readonly trace: Trace | null = null
  ) {
    this.bottom = need(page, '#controls')
    this.where = need(page, '#where')
    this.warning = createWarning(words)
    this.honest = readText(this.where)
    const say = (sentence: string): void => this.say(sentence)
    const onClose = (): void => this.showExplanation(true)
    this.sign = new SignFirst({ page, place: this.bottom, visit, words, say, onClose })
    // fetched ahead: a session must begin within the tap, without waiting for code
    if (device.immersiveAr) void import('../xr/session').then((module) => this.ready(module.startAr))
    this.show()
  }

  /** The scene that AR will stand before the visitor. */
  use(view: SceneView): void {
    this.view = view
  }

  private ready(start: typeof startAr): void {
    this.start = start
    this.show()
  }

  /** Bring buttons and sentence up to date with the visit. */
  show(): void {
    const { state } = this.visit
    const step = this.stepOf(state)
    const overlay = need(this.page, '#overlay')
    if (isInAr(state.ar)) overlay.dataset['ar'] = state.ar
    else delete overlay.dataset['ar']
    overlay.toggleAttribute('data-explaining', step === 'explain')
    const key = `${step} ${this.start !== null} ${state.stage.kind} ${this.problem}`
    if (key === this.shown || this.aligning?.busy === true || this.sign.busy) return
    this.shown = key
    setText(this.where, this.sentenceOf(step))
    const hadFocus = this.bottom.contains(this.page.activeElement)
    this.bottom.replaceChildren(...this.contentOf(step, state))
    overlay.toggleAttribute('data-adjusting', false) // a new card is closed
    if (hadFocus || step === 'explain') this.bottom.querySelector<HTMLElement>('button')?.focus()
  }

  private stepOf(state: VisitState): Step {
    if (isInAr(state.ar) || state.ar === 'starting') return state.ar
    return this.explaining ? 'explain' : 'view'
  }

  private contentOf(step: Step, state: VisitState): Node[] {
    switch (step) {
      case 'explain':
        return [this.explanation()]
      case 'ready':
        return this.offers
          ? [this.row(...this.aim(), ['ar_place', () => this.session?.place()], ...this.atSign(), ...this.ending())]
          : [this.row(['ar_place', () => this.session?.place(), 'primary'], ...this.atSign(), ...this.ending())]
      case 'placed':
        return [this.row(...this.aim(), ['ar_move', () => this.session?.again()], ...this.atSign(), ...this.ending())]
      case 'overlaid':
        return this.overlaid()
      case 'searching':
        return [this.row(...this.aim(), ...this.atSign(), ...this.ending())]
      case 'lost':
      case 'starting':
        return [this.row(...this.ending())]
      default:
        return this.offer(state)
    }
  }

  private get offers(): boolean {
    return this.aligning?.offers === true && this.session?.hasOverlay === true
  }

  private ending(): [key: string, act: () => void][] {
    return [['ar_end', () => this.end()]]
  }

  /** A tracked session gives no camera pictures: a sign says where the visitor stands when they name it. */
  private atSign(): [key: string, act: () => void][] {
    const offers = this.aligning?.hasSigns === true && this.session?.hasOverlay === true
    return offers ? [['sign_here', () => void this.aligning?.stand()]] : []
  }

  private aim(): [key: string, act: () => void, className: string][] {
    return this.offers ? [['sight_open', () => this.aligning?.aim(), 'primary']] : []
  }

  /** At its true place: aim once more, put right by hand, end. */
  private overlaid(): Node[] {
    const row = this.row(...this.aim())
    const card = this.aligning?.card(row)
    row.append(makeButton(this.page, this.words('ar_end'), () => this.end()))
    return card === undefined ? [row] : [card, row]
  }

  private offer(state: VisitState): Node[] {
    if (!this.device.immersiveAr) return [] // the other ways of looking have their own buttons
    const problem =
      this.problem === null ? [] : [make(this.page, 'p', { className: 'words' }, this.words(this.problem))]
    const row = this.row(['ar_start', () => this.explain(true), 'primary'])
    const button = row.querySelector('button')
    if (button !== null) button.disabled = this.start === null || state.stage.kind !== 'shown'
    return [...problem, row]
  }

  private explanation(): HTMLElement {
    const node = this.view?.scene?.nodes[0]
    const floor = node?.surveyed ? '' : this.words('ar_floor', { metres: Math.round(node?.accuracy_m ?? 0) })
    return make(
      this.page,
      'div',
      { className: 'words' },
      make(this.page, 'h2', {}, this.words('ar_explain_title')),
      make(this.page, 'p', {}, this.words('ar_explain')),
      make(this.page, 'p', {}, floor),
      this.row(['ar_go', () => void this.begin(), 'primary'], ['ar_not_now', () => this.explain(false)]),
      ...this.sign.lay(node)
    )
  }

  private row(...buttons: [key: string, act: () => void, className?: string][]): HTMLElement {
    const made = buttons.map(([key, act, className]) => makeButton(this.page, this.words(key), act, className))
    return make(this.page, 'div', { className: 'row' }, ...made)
  }

  /** Show the step before AR, or take it away. */
  explain(on: boolean): void {
    this.problem = null
    if (!on) this.sign.drop()
    if (on) void this.askPosition().then(() => this.showExplanation(true))
    else this.showExplanation(false)
  }

  private showExplanation(on: boolean): void {
    this.explaining = on
    this.shown = ''
    this.show()
  }

  /** A model that can stand at its true place is helped by a position; without one it goes on all the same. */
  private async askPosition(): Promise<void> {
    const wanted = readWalk(sessionStorage)
    if (this.node?.surveyed !== true || wanted === 'off') return
    const answer = await queryPermission(navigator.permissions)
    if (answer === 'denied') return
    if (answer === 'granted') {
      this.followPosition()
      return
    }
    const ask = (): Promise<'granted' | 'denied'> => new Promise((done) => this.followPosition(done))
    await askInTap(this.bottom, { key: 'position', ask }, { step: 1, of: 2 }, this.words)
  }

  private followPosition(done: (answer: 'granted' | 'denied') => void = () => undefined): void {
    this.stopPosition()
    this.stopPosition = watchPosition(navigator.geolocation, (position) => {
      if (position.kind !== 'asking') this.visit.dispatch({ type: 'position_changed', position })
      if (position.kind === 'granted' && position.fix !== null) {
        this.session?.alignment?.hearFix(position.fix, performance.now())
      }
      if (position.kind !== 'asking') done(position.kind === 'granted' ? 'granted' : 'denied')
    })
  }

  private get node(): SceneNode | undefined {
    return this.view?.scene?.nodes[0]
  }

  private async begin(): Promise<void> {
    const { node } = this
    const stage = this.view?.stage
    if (this.start === null || node === undefined || stage === null || stage === undefined) return
    const { site } = this.visit.state
    const facts = site?.site
    const carried = this.sign.take()
    const starting = this.start({
      stage,
      overlayRoot: need(this.page, '#overlay'),
      node,
      frame:
        node.surveyed && facts !== undefined ? { origin: facts.origin, declination_deg: facts.declination_deg } : null,
      still: this.device.reducedMotion,
      hazards: site?.hazards ?? [],
      occluders: this.view?.scene?.occluders ?? [],
      trace: this.trace,
      carried,
      tell: this.visit.tell,
      callbacks: {
        onState: (ar) => this.tell(ar),
        onWalk: (walking) => this.hearWalk(walking),
        onStir: () => this.idle?.stir(),
        onEdge: (near) => this.warning.show(this.page, near),
        onEnd: () => this.ended()
      }
    })
    this.explaining = false
    const started = await starting
    this.session = started.ok ? started.session : null
    if (started.ok) this.accompany(started.session)
    this.problem = started.ok ? null : `ar_${started.problem}`
    if (!started.ok) {
      carried?.stop()
      this.tell('off')
    }
    this.show()
  }

  /** Leave AR; its end is heard of through the visit. */
  end(): void {
    void this.session?.end()
  }

  private accompany(session: ArSession): void {
    this.idle = watchIdle(window, () => {
      this.rested = true
      this.end()
    })
    this.align(session)
  }

  private align(session: ArSession): void {
    const { site } = this.visit.state
    if (session.alignment === null || site === null || this.node === undefined) return
    this.aligning = startAligning({
      place: this.bottom,
      overlay: need(this.page, '#overlay'),
      words: this.words,
      say: (sentence) => this.say(sentence),
      site,
      node: this.node,
      session,
      onClose: (sentence) => {
        if (sentence !== null) this.tellNote(sentence)
        this.shown = ''
        this.show()
      }
    })
    this.shown = ''
    this.ticking = setInterval(() => this.saySure(), EVERY_MS)
  }

  private say(sentence: string): void {
    this.where.textContent = sentence
  }

  /** What was done, for as long as it takes to read. */
  private tellNote(sentence: string): void {
    this.note = sentence
    announce(this.page, sentence)
    setTimeout(() => {
      if (this.note === sentence) this.note = null
      if (this.session !== null && this.aligning?.busy !== true) this.saySentence()
    }, NOTE_MS)
  }

  /** How sure the place is, as that changes. */
  private saySure(): void {
    if (this.aligning?.busy !== true && this.visit.state.ar === 'overlaid') this.saySentence()
  }

  private saySentence(): void {
    const sentence = this.sentenceOf(this.stepOf(this.visit.state))
    if (this.where.textContent !== sentence) this.where.textContent = sentence
  }

  private hearWalk(walking: boolean): void {
    this.walking = walking
    if (this.aligning?.busy !== true) this.saySentence()
  }

  private ended(): void {
    clearInterval(this.ticking)
    this.stopPosition()
    this.aligning?.close()
    this.aligning = null
    this.session = null
    this.walking = false
    this.note = null
    this.idle?.stop()
    this.idle = null
    if (this.rested) {
      this.problem = 'window_rested'
      announce(this.page, this.words(this.problem))
    }
    this.rested = false
    this.tell('off')
    this.view?.stage?.relay() // only now the page covers again what it does beside AR
  }

  private tell(ar: ArState): void {
    this.visit.dispatch({ type: 'ar_changed', ar })
  }

  private sentenceOf(step: Step): string {
    if (this.note !== null && !this.walking) return this.note
    if (step === 'starting' || step === 'searching') return this.words('ar_finding')
    if (step === 'ready') return this.words('ar_found')
    if (step === 'lost') return this.words('ar_lost')
    if (step !== 'placed' && step !== 'overlaid') return this.honest
    if (this.walking) return this.words('stop_look')
    if (step === 'overlaid') return this.aligning?.sentence() ?? this.honest
    if (this.node?.surveyed) return this.words('align_placed')
    return this.words('ar_placed', { metres: Math.round(this.node?.accuracy_m ?? 0) })
  }
}
