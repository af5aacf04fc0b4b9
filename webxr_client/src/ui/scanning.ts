/**
 * Scanning a sign: a frame over the camera's picture, what is amiss in plain words, and the code typed for whoever cannot
 * or will not scan. Loaded when the visitor asks for it.
 */
import type { SignPose } from '../align/estimator'
import { poseFromCode } from '../align/sign-pose'
import { type Lookout, lookForSign, type Outcome } from '../scan/look'
import type { Sign } from '../wire'
import { make, makeButton } from './dom'
import type { Words } from './words'

export interface ScanningParts {
  /** Where the buttons go. */
  place: HTMLElement
  /** What lies over the whole view; the frame is drawn in its middle. */
  overlay: HTMLElement
  signs: readonly Sign[]
  /** Null where there is no picture to scan: the sign is named, from a list since AR shows no keyboard. */
  lookout: Lookout | null
  words: Words
  /** The top line. */
  say: (sentence: string) => void
  /** Take what a sign told; false when the visitor cannot be there. */
  onTake: (pose: SignPose, at_ms: number) => boolean
  /** It is over; the sentence to say, null when nothing was taken. */
  onClose: (sentence: string | null) => void
}

export interface Scanning {
  close: () => void
}

const NONE_AFTER_MS = 7000
const CALM_MS = 900 // sentences that change faster than this cannot be read

/** Begin to look, with the code as the other way; without a camera, to choose. */
export function openScanning(parts: ScanningParts): Scanning {
  const scanning = new Scan(parts)
  if (parts.lookout === null) scanning.choose()
  else scanning.look(parts.lookout)
  return scanning
}

class Scan implements Scanning {
  private readonly frame: HTMLElement
  private stop = (): void => undefined
  private began_ms = 0
  private said_ms = 0
  private said = ''

  constructor(private readonly parts: ScanningParts) {
    const page = parts.place.ownerDocument
    this.frame = make(page, 'div', { className: 'scanning' }, make(page, 'span', { className: 'frame' }))
    this.frame.setAttribute('aria-hidden', 'true')
  }

  close(): void {
    this.stop()
    this.frame.remove()
  }

  look(lookout: Lookout): void {
    const { place, overlay, words, signs } = this.parts
    const page = place.ownerDocument
    overlay.append(this.frame)
    this.began_ms = performance.now()
    this.say('sign_look')
    const type = makeButton(page, words('sign_type'), () => this.type())
    place.replaceChildren(make(page, 'div', { className: 'row' }, type, this.leave()))
    type.focus()
    this.stop = lookForSign(lookout, signs, page.defaultView ?? window, (outcome) => this.hear(outcome))
  }

  /** The code instead of the picture. */
  type(): void {
    this.close()
    const { place, words } = this.parts
    const page = place.ownerDocument
    const field = make(page, 'input', { id: 'sign-code', maxLength: 12, autocomplete: 'off', spellcheck: false })
    field.setAttribute('autocapitalize', 'characters')
    const label = make(page, 'label', { htmlFor: field.id }, words('sign_code'))
    const problem = make(page, 'p', { id: 'sign-problem', hidden: true })
    problem.setAttribute('role', 'alert')
    field.setAttribute('aria-describedby', problem.id)
    const take = make(page, 'button', { type: 'submit', className: 'primary' }, words('sign_code_take'))
    const row = make(page, 'div', { className: 'row' }, take, this.leave())
    const form = make(page, 'form', { className: 'words sign-code' }, label, field, problem, row)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const key = this.takeCode(field.value)
      if (key === null) return
      problem.hidden = false
      problem.textContent = words(key)
      field.setAttribute('aria-invalid', 'true')
      field.focus()
    })
    place.replaceChildren(form)
    field.focus()
  }

  /** One of the signs round here, by the code that is printed under it. */
  choose(): void {
    const { place, words, signs, say } = this.parts
    const page = place.ownerDocument
    say(words('sign_which'))
    const take = (sign: Sign): void => {
      const problem = this.takeSign(sign)
      if (problem !== null) this.end(words(problem))
    }
    const items = signs.map((sign) =>
      make(
        page,
        'li',
        {},
        makeButton(page, sign.code, () => take(sign))
      )
    )
    const list = make(page, 'ul', { className: 'points-list' }, ...items)
    list.setAttribute('role', 'list')
    place.replaceChildren(list, make(page, 'div', { className: 'row' }, this.leave()))
    list.querySelector('button')?.focus()
  }

  /** Take a typed code; gives what is wrong with it. */
  private takeCode(typed: string): string | null {
    const code = typed.replace(/\s/g, '').toUpperCase()
    const sign = this.parts.signs.find((one) => one.code === code)
    return sign === undefined ? 'sign_code_unknown' : this.takeSign(sign)
  }

  private takeSign(sign: Sign): string | null {
    const pose = poseFromCode(sign)
    if (!this.parts.onTake(pose, performance.now())) return 'sign_elsewhere'
    this.end(this.parts.words('sign_typed', { metres: roundUp(pose.accuracy_m) }))
    return null
  }

  private hear(outcome: Outcome): void {
    const { frame } = this
    frame.classList.toggle('seen', outcome.kind === 'seen' || outcome.kind === 'found')
    switch (outcome.kind) {
      case 'nothing':
        if (performance.now() - this.began_ms > NONE_AFTER_MS) this.say('sign_none')
        return
      case 'refused':
        this.began_ms = performance.now()
        this.say(`sign_${outcome.why}`)
        return
      case 'seen':
        this.say('sign_seen')
        return
      case 'broken':
        this.type()
        this.say('sign_broken', true)
        return
      case 'found':
        this.take(outcome.pose, outcome.at_ms)
    }
  }

  private take(pose: SignPose, at_ms: number): void {
    const { words, onTake } = this.parts
    if (!onTake(pose, at_ms)) {
      this.end(words('sign_elsewhere'))
      return
    }
    const [metres, degrees] = [roundUp(pose.accuracy_m), roundUp(pose.accuracy_deg)]
    this.end(words('sign_found', { metres, degrees }))
  }

  private end(sentence: string | null): void {
    this.close()
    this.parts.onClose(sentence)
  }

  private leave(): HTMLButtonElement {
    return makeButton(this.parts.place.ownerDocument, this.parts.words('ar_not_now'), () => this.end(null))
  }

  private say(key: string, atOnce = false): void {
    const now_ms = performance.now()
    if (key === this.said || (!atOnce && this.said !== '' && now_ms - this.said_ms < CALM_MS)) return
    ;[this.said, this.said_ms] = [key, now_ms]
    this.parts.say(this.parts.words(key))
  }
}

/** To a tenth below one, else to a whole number, and never better than it is. */
function roundUp(value: number): number {
  return value < 1 ? Math.ceil(value * 10) / 10 : Math.ceil(value)
}
