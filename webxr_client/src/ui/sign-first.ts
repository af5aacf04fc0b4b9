/** The offer, before AR begins, to scan a sign that hangs there, and what came of it. */
import type { SignPose } from '../align/estimator'
import { distanceM } from '../geo/distance'
import { findSigns } from '../window/points'
import type { SceneNode, Sign } from '../wire'
import type { Carried } from '../xr/carried'
import { make, makeButton, need } from './dom'
import type { Scanning } from './scanning'
import type { Visit } from './visit'
import type { Words } from './words'

export interface SignFirstParts {
  page: Document
  place: HTMLElement
  visit: Visit
  words: Words
  say: (sentence: string) => void
  /** Scanning is over: the step before AR is to be laid anew. */
  onClose: () => void
}

const FAR_M = 150 // errors of satellites between houses stay below

export class SignFirst {
  private scanning: Scanning | null = null
  private carried: Carried | null = null
  private note: string | null = null
  private opening = false

  constructor(private readonly parts: SignFirstParts) {}

  /** Scanning has the place of the buttons. */
  get busy(): boolean {
    return this.opening || this.scanning !== null
  }

  /** What the step before AR says of signs round a model; nothing where there are none. */
  lay(node: SceneNode | undefined): Node[] {
    const { visit, words, page } = this.parts
    const { site } = visit.state
    if (site === null || node?.surveyed !== true) return []
    const signs = findSigns(site, node)
    if (signs.length === 0) return []
    const sentence = make(page, 'p', {}, this.note ?? words('sign_before'))
    sentence.setAttribute('role', 'status')
    const row = make(page, 'div', { className: 'row' })
    row.append(makeButton(page, words('sign_open'), () => void this.open(signs)))
    return [sentence, row]
  }

  /** What was scanned, for the session that begins now. */
  take(): Carried | null {
    const { carried } = this
    this.carried = null
    this.note = null
    return carried
  }

  /** AR does not begin after all. */
  drop(): void {
    this.scanning?.close()
    this.scanning = null
    this.take()?.stop()
  }

  private async open(signs: readonly Sign[]): Promise<void> {
    if (this.busy) return
    this.opening = true
    this.drop()
    const { page, place, words, say, onClose } = this.parts
    const { openSignBefore } = await import('./sign-before')
    this.scanning = await openSignBefore({
      view: page.defaultView ?? window,
      place,
      overlay: need(page, '#overlay'),
      signs,
      words,
      say,
      mayBeAt: (pose) => this.mayBeAt(pose),
      onClose: (carried, sentence) => {
        ;[this.scanning, this.carried, this.note] = [null, carried, sentence]
        this.opening = false
        onClose()
      }
    })
    if (!this.opening) this.scanning = null // it was over before it began
    this.opening = false
  }

  private mayBeAt(pose: SignPose): boolean {
    const { fix } = this.parts.visit.state
    return fix === null || distanceM(fix, pose) < FAR_M + 2 * fix.accuracy_m
  }
}
