/** Controls of the immersive page: what this phone can do, one explained step before the camera, and three buttons in AR. */
import type { Device } from '../device'
import { isInAr, type VisitState } from '../state'
import type { ArSession, ArState, startAr } from '../xr/session'
import { make, makeButton, need } from './dom'
import { readText } from './ruby'
import type { SceneView } from './scene-view'
import type { Visit } from './visit'
import type { Words } from './words'

type Step = 'view' | 'explain' | ArState

/** The bottom line of the page, and the top line's sentence while AR runs. */
export class ArControls {
  private view: SceneView | null = null
  private session: ArSession | null = null
  private start: typeof startAr | null = null
  private explaining = false
  private problem: string | null = null
  private shown = ''
  private readonly bottom: HTMLElement
  private readonly where: HTMLElement
  private readonly honest: string

  constructor(
    private readonly page: Document,
    private readonly visit: Visit,
    private readonly device: Device,
    private readonly words: Words
  ) {
    this.bottom = need(page, '#controls')
    this.where = need(page, '#where')
    this.honest = readText(this.where)
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
    if (key === this.shown) return
    this.shown = key
    this.where.textContent = this.sentenceOf(step)
    const hadFocus = this.bottom.contains(this.page.activeElement)
    this.bottom.replaceChildren(...this.contentOf(step, state))
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
        return [this.row(['ar_place', () => this.session?.place(), 'primary'], ['ar_end', () => this.end()])]
      case 'placed':
        return [this.row(['ar_move', () => this.session?.again()], ['ar_end', () => this.end()])]
      case 'searching':
      case 'lost':
      case 'starting':
        return [this.row(['ar_end', () => this.end()])]
      default:
        return this.offer(state)
    }
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
      this.row(['ar_go', () => void this.begin(), 'primary'], ['ar_not_now', () => this.explain(false)])
    )
  }

  private row(...buttons: [key: string, act: () => void, className?: string][]): HTMLElement {
    const made = buttons.map(([key, act, className]) => makeButton(this.page, this.words(key), act, className))
    return make(this.page, 'div', { className: 'row' }, ...made)
  }

  /** Show the step before AR, or take it away. */
  explain(on: boolean): void {
    this.explaining = on
    this.problem = null
    this.show()
  }

  private async begin(): Promise<void> {
    const node = this.view?.scene?.nodes[0]
    const stage = this.view?.stage
    if (this.start === null || node === undefined || stage === null || stage === undefined) return
    const starting = this.start({
      stage,
      overlayRoot: need(this.page, '#overlay'),
      node,
      callbacks: { onState: (ar) => this.tell(ar), onEnd: () => this.ended() }
    })
    this.explaining = false
    const started = await starting
    this.session = started.ok ? started.session : null
    this.problem = started.ok ? null : `ar_${started.problem}`
    if (!started.ok) this.tell('off')
    this.show()
  }

  /** Leave AR; its end is heard of through the visit. */
  end(): void {
    void this.session?.end()
  }

  private ended(): void {
    this.session = null
    this.tell('off')
  }

  private tell(ar: ArState): void {
    this.visit.dispatch({ type: 'ar_changed', ar })
  }

  private sentenceOf(step: Step): string {
    if (step === 'starting' || step === 'searching') return this.words('ar_finding')
    if (step === 'ready') return this.words('ar_found')
    if (step === 'lost') return this.words('ar_lost')
    if (step !== 'placed') return this.honest
    const node = this.view?.scene?.nodes[0]
    if (node?.surveyed) return this.words('ar_placed_surveyed')
    return this.words('ar_placed', { metres: Math.round(node?.accuracy_m ?? 0) })
  }
}
