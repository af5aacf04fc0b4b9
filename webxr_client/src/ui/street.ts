/** The walk at eye height: its buttons, which can be held, and what the top line says. */
import { type Move, type Street, walkStreet } from '../orbit/street'
import { make, makeButton } from './dom'
import { ENDED, type Mode, type ModeParts } from './mode'

const PAD: [key: string, sign: string, move: Move][] = [
  ['street_turn_left', '↶', 'turn_left'],
  ['street_forward', '↑', 'forward'],
  ['street_back', '↓', 'back'],
  ['street_turn_right', '↷', 'turn_right']
]

/** Begin the walk. */
export function openStreet(parts: ModeParts): Mode {
  const { scene, words, device, place, say, onEnd, title } = parts
  const { stage } = scene
  const onEdge = (at: boolean): void => say(words(at ? 'street_edge' : 'street_where'))
  const options = stage === null ? null : { canvas: stage.canvas, still: device.reducedMotion, onEdge }
  const street =
    stage === null || options === null ? null : walkStreet((onChange) => stage.lendWorld(onChange), options)
  if (street === null || stage === null) {
    onEnd({ problem: 'ar_busy' })
    return { end: () => undefined }
  }
  const label = stage.canvas.getAttribute('aria-label') ?? ''
  stage.canvas.setAttribute('aria-label', words('street_label', { title }))
  say(words('street_where'))
  const mode: Mode = {
    end() {
      street.end()
      stage.canvas.setAttribute('aria-label', label)
      place.replaceChildren()
      onEnd(ENDED)
    }
  }
  layPad(parts, street, mode)
  stage.canvas.focus()
  return mode
}

function layPad({ place, words }: ModeParts, street: Street, mode: Mode): void {
  const page = place.ownerDocument
  const pad = PAD.map(([key, sign, move]) => {
    const button = makeSign(page, words(key), sign)
    const release = (): void => street.release(move)
    button.addEventListener('pointerdown', (event) => {
      button.setPointerCapture(event.pointerId) // a finger that slides off still lets go here
      street.hold(move)
    })
    button.addEventListener('pointerup', release)
    button.addEventListener('pointercancel', release)
    button.addEventListener('contextmenu', (event) => event.preventDefault()) // a long press is no menu
    button.addEventListener('click', (event) => {
      if (event.detail === 0) street.step(move) // by keyboard or a screen reader: nothing was held
    })
    return button
  })
  const start = makeSign(page, words('street_start'), '⌂')
  start.addEventListener('click', () => street.toStart())
  place.replaceChildren(
    make(page, 'div', { className: 'row pad' }, ...pad, start),
    make(
      page,
      'div',
      { className: 'row' },
      makeButton(page, words('mode_end'), () => mode.end())
    )
  )
}

function makeSign(page: Document, word: string, sign: string): HTMLButtonElement {
  const button = make(page, 'button', { type: 'button', className: 'sign', title: word }, sign)
  button.setAttribute('aria-label', word)
  return button
}
