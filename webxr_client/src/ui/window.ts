/** The magic window as the visitor meets it: its questions one by one, then the view, then its end. */
import { queryPermission, watchPosition } from '../geo/position'
import { type CameraProblem, closeCamera, openCamera } from '../window/camera'
import { requestMotion } from '../window/sensors'
import { startWindow, type WindowSession, type WindowState } from '../window/session'
import type { SceneNode } from '../wire'
import { announce } from './dom'
import { type Idle, watchIdle } from './idle'
import { ENDED, type Ending, type Mode, type ModeParts } from './mode'
import { type Answer, askInTap, type Question } from './permission'
import { readWalk } from './walk'
import { layWindowControls, type WindowControls } from './window-controls'

const PERMISSIONS = { motion: 'motion', position: 'location', camera: 'camera' } as const

/** Ask what must be asked and open the window; the mode can be ended at any step. */
export function openWindow(parts: ModeParts): Mode {
  const looking = new Looking(parts)
  void looking.begin()
  return looking
}

class Looking implements Mode {
  private session: WindowSession | null = null
  private controls: WindowControls | null = null
  private stream: MediaStream | null = null
  private idle: Idle | null = null
  private stopPosition = (): void => undefined
  private ending: Ending = ENDED
  private over = false
  private readonly node: SceneNode | null

  constructor(private readonly parts: ModeParts) {
    this.node = parts.scene.scene?.nodes[0] ?? null
  }

  async begin(): Promise<void> {
    this.parts.say('')
    const questions = await this.questions()
    for (const [i, question] of questions.entries()) {
      const number = { step: i + 1, of: questions.length }
      const answer = await askInTap(this.parts.place, question, number, this.parts.words)
      if (answer === 'denied' || answer === 'declined')
        this.parts.visit.tell({ type: 'permission_refused', permission: PERMISSIONS[question.key] })
      const ending = this.over ? ENDED : endingOf(question.key, answer)
      if (ending !== null) {
        this.finish(ending)
        return
      }
    }
    this.session = this.open()
    if (this.session === null) {
      this.finish({ problem: 'ar_busy', again: 'try_again' })
      return
    }
    this.parts.visit.dispatch({ type: 'beside_changed', beside: 'window' })
    this.controls = layWindowControls(this.parts, this.session, this.node)
    this.idle = watchIdle(this.parts.view, () => this.leave({ problem: 'window_rested', again: 'window_resume' }))
  }

  end(): void {
    if (this.session !== null) this.session.end()
    else this.finish(ENDED)
  }

  private async questions(): Promise<Question[]> {
    const { view, device } = this.parts
    const asked: Question[] = []
    if (device.motion === 'ask') asked.push({ key: 'motion', ask: () => requestMotion(view) })
    const wanted = readWalk(view.sessionStorage)
    // whoever walked with the map on the page before has said yes already, and whoever declined has said no
    const known = wanted === 'on' && (await queryPermission(view.navigator.permissions)) !== 'prompt'
    if (known) this.followPosition()
    else if (this.node?.surveyed === true && wanted !== 'off') {
      asked.push({ key: 'position', ask: () => this.followPosition() })
    }
    asked.push({ key: 'camera', ask: () => this.askCamera() })
    return asked
  }

  private async askCamera(): Promise<Answer> {
    const answer = await openCamera(this.parts.view.navigator.mediaDevices)
    if (!answer.ok) return answer.problem
    this.stream = answer.stream
    if (this.over) this.close()
    return 'granted'
  }

  /** The position is followed from the yes on; the first word of the browser is the answer. */
  private followPosition(): Promise<Answer> {
    const { view, visit } = this.parts
    return new Promise((answer) => {
      this.stopPosition = watchPosition(view.navigator.geolocation, (position) => {
        visit.dispatch({ type: 'position_changed', position })
        if (position.kind === 'granted' && position.fix !== null) this.session?.hearFix(position.fix)
        if (position.kind !== 'asking') answer(position.kind === 'granted' ? 'granted' : 'denied')
      })
    })
  }

  private open(): WindowSession | null {
    const { view, scene, visit, device, trace } = this.parts
    const { stream, node } = this
    const stage = scene.stage
    const site = visit.state.site?.site
    const container = stage?.canvas.parentElement
    if (stage === null || !container || node === null || stream === null || site === undefined) return null
    const frame = node.surveyed ? { origin: site.origin, declination_deg: site.declination_deg } : null
    const callbacks = {
      onState: (state: WindowState) => this.hear(state),
      onAdjust: () => this.controls?.refresh(),
      onTurn: () => this.idle?.stir(),
      onWalk: (walks: boolean) => {
        this.idle?.stir()
        this.controls?.sayWalk(walks)
      },
      onContext: (state: 'lost' | 'restored') => this.controls?.sayContext(state),
      onPause: () => {
        this.ending = { problem: 'window_paused', again: 'window_resume' }
      },
      onEnd: () => this.finish(this.ending)
    }
    const still = device.reducedMotion
    const { occluders } = scene.scene ?? { occluders: [] }
    return startWindow({
      view,
      stage,
      container,
      node,
      frame,
      occluders,
      still,
      trace,
      stream,
      tell: visit.tell,
      callbacks
    })
  }

  private hear(state: WindowState): void {
    if (state === 'silent') this.leave({ problem: 'motion_silent' })
    else this.controls?.show()
  }

  private leave(ending: Ending): void {
    this.ending = ending
    this.session?.end()
  }

  private finish(ending: Ending): void {
    this.close()
    if (this.over) return
    this.over = true
    this.controls?.close()
    this.parts.place.replaceChildren()
    const { visit, onEnd, view, words } = this.parts
    if (visit.state.beside !== null) visit.dispatch({ type: 'beside_changed', beside: null })
    onEnd(ending)
    if (ending.problem !== null) announce(view.document, words(ending.problem))
  }

  private close(): void {
    this.idle?.stop()
    this.stopPosition()
    if (this.stream !== null) closeCamera(this.stream)
    this.stream = null
  }
}

/** What a no leads to; null when it goes on: without a position the model simply stands before the visitor. */
function endingOf(key: Question['key'], answer: Answer): Ending | null {
  if (answer === 'granted' || key === 'position') return null
  if (answer === 'declined') return ENDED
  if (key === 'motion') return { problem: 'refused_motion', settings: true }
  const problems: Record<CameraProblem, Ending> = {
    denied: { problem: 'refused_camera', settings: true },
    missing: { problem: 'camera_missing' },
    busy: { problem: 'camera_busy', again: 'try_again' }
  }
  return problems[answer]
}
