/** The magic window as the visitor meets it: its questions one by one, then the view with its few buttons. */
import { watchPosition } from '../geo/position'
import { type CameraProblem, closeCamera, openCamera } from '../window/camera'
import { requestMotion } from '../window/sensors'
import { startWindow, type WindowSession, type WindowState } from '../window/session'
import type { SceneNode } from '../wire'
import { type Adjusting, layAdjusting } from './adjusting'
import { announce, make, makeButton } from './dom'
import { ENDED, type Ending, type Mode, type ModeParts } from './mode'
import { type Answer, askInTap, type Question } from './permission'

/** Ask what must be asked and open the window; the mode can be ended at any step. */
export function openWindow(parts: ModeParts): Mode {
  const looking = new Looking(parts)
  void looking.begin()
  return looking
}

class Looking implements Mode {
  private session: WindowSession | null = null
  private stream: MediaStream | null = null
  private stopPosition = (): void => undefined
  private ending: Ending = ENDED
  private over = false
  private readonly node: SceneNode | null
  private adjusting: Adjusting | null = null

  constructor(private readonly parts: ModeParts) {
    this.node = parts.scene.scene?.nodes[0] ?? null
  }

  async begin(): Promise<void> {
    this.parts.say('')
    const questions = this.questions()
    for (const [i, question] of questions.entries()) {
      const number = { step: i + 1, of: questions.length }
      const answer = await askInTap(this.parts.place, question, number, this.parts.words)
      const ending = this.over ? ENDED : endingOf(question.key, answer)
      if (ending !== null) {
        this.finish(ending)
        return
      }
    }
    this.session = this.open()
    if (this.session === null) {
      this.finish({ problem: 'ar_busy', again: true })
      return
    }
    this.parts.visit.dispatch({ type: 'window_changed', window: true })
    this.show(this.session.state)
  }

  end(): void {
    if (this.session !== null) this.session.end()
    else this.finish(ENDED)
  }

  private questions(): Question[] {
    const { view, device, visit } = this.parts
    const asked: Question[] = []
    if (device.motion === 'ask') asked.push({ key: 'motion', ask: () => requestMotion(view) })
    const { location } = visit.state
    const useful = this.node?.surveyed === true && location !== 'declined' && location !== 'denied'
    if (useful) asked.push({ key: 'position', ask: () => this.askPosition() })
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
  private askPosition(): Promise<Answer> {
    const { view, visit } = this.parts
    return new Promise((answer) => {
      this.stopPosition = watchPosition(view.navigator.geolocation, (position) => {
        visit.dispatch({ type: 'position_changed', position })
        if (position.kind !== 'asking') answer(position.kind === 'granted' ? 'granted' : 'denied')
      })
    })
  }

  private open(): WindowSession | null {
    const { view, scene } = this.parts
    const { stream, node } = this
    const stage = scene.stage
    const container = stage?.canvas.parentElement
    if (stage === null || !container || node === null || stream === null) return null
    const callbacks = {
      onState: (state: WindowState) => this.show(state),
      onAdjust: () => this.adjusting?.show(),
      onContext: (state: 'lost' | 'restored') => this.hearContext(state),
      onPause: () => {
        this.ending = { problem: 'window_paused', again: true }
      },
      onEnd: () => this.finish(this.ending)
    }
    return startWindow({ view, stage, container, node, stream, callbacks })
  }

  private show(state: WindowState): void {
    const { words, say, place } = this.parts
    if (state === 'silent') {
      this.ending = { problem: 'motion_silent' }
      this.session?.end()
      return
    }
    say(this.sentenceOf(state))
    const page = place.ownerDocument
    const hadFocus = place.contains(page.activeElement)
    const row = make(page, 'div', { className: 'row' })
    place.replaceChildren(row)
    if (state !== 'waiting' && this.session !== null) {
      row.append(makeButton(page, words('window_put'), () => this.session?.put(), 'primary'))
      this.adjusting = layAdjusting(place, row, this.session, words)
    }
    row.append(makeButton(page, words('ar_end'), () => this.end()))
    if (hadFocus || state === 'waiting') row.querySelector('button')?.focus()
  }

  private sentenceOf(state: WindowState): string {
    const { words } = this.parts
    if (state === 'waiting') return words('window_wait')
    if (this.node?.surveyed === true) return words('window_floor_surveyed')
    return words('window_floor', { metres: Math.round(this.node?.accuracy_m ?? 0) })
  }

  private hearContext(state: 'lost' | 'restored'): void {
    const { words, say } = this.parts
    say(state === 'lost' ? words('context_lost') : this.sentenceOf(this.session?.state ?? 'waiting'))
  }

  private finish(ending: Ending): void {
    this.close()
    if (this.over) return
    this.over = true
    this.parts.place.replaceChildren()
    const { visit, onEnd, view, words } = this.parts
    if (visit.state.window) visit.dispatch({ type: 'window_changed', window: false })
    onEnd(ending)
    if (ending.problem !== null) announce(view.document, words(ending.problem))
  }

  private close(): void {
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
    busy: { problem: 'camera_busy', again: true }
  }
  return problems[answer]
}
