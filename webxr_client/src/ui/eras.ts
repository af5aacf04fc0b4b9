/** Then and now: a slider through the dated states of a scene, and a button for each. */
import { eraAt, firstPlace } from '../eras'
import type { Era, SceneDocument } from '../wire'
import { make, makeButton, setText } from './dom'

export interface Eras {
  readonly element: HTMLElement
  /** The one that is shown, or that is nearest. */
  readonly now: Era | null
}

/**
 * The slider of a scene with at least two eras; `show` hears its place while a finger moves it, and the
 * era where it has come to rest at another one. Let go, it rests at the
 * nearest era: at once for whoever asked for less motion, and always by key, which moves from era to era.
 */
export function layEras(
  page: Document,
  scene: SceneDocument,
  label: string,
  calm: boolean,
  show: (place: number, rested: Era | null) => void
): Eras {
  const { eras } = scene
  const slider = make(page, 'input', {
    type: 'range',
    min: '0',
    max: String(eras.length - 1),
    step: calm ? '1' : '0.01'
  })
  slider.setAttribute('aria-label', label)
  const told = make(page, 'p', { className: 'era-text' })
  told.setAttribute('role', 'status')
  const buttons = eras.map((era, place) => makeButton(page, era.label, () => go(place)))
  const element = make(page, 'div', { className: 'eras' })
  let era: Era | null = null
  let before: Era | null = null
  const go = (place: number, rests = true): void => {
    slider.value = String(place)
    era = eraAt(eras, place)
    show(place, rests && before !== null && era !== before ? era : null)
    if (rests) before = era
    element.toggleAttribute('data-bare', era !== null && isBare(scene, era))
    slider.setAttribute('aria-valuetext', era?.label ?? '')
    for (const [i, button] of buttons.entries()) button.setAttribute('aria-pressed', String(eras[i] === era))
    setText(told, era?.text ?? '')
    told.hidden = told.textContent === ''
  }
  slider.addEventListener('input', () => go(Number(slider.value), false))
  slider.addEventListener('change', () => go(Math.round(Number(slider.value))))
  slider.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    go(Math.min(eras.length - 1, Math.max(0, Math.round(Number(slider.value)) + step)))
  })
  go(firstPlace(scene))
  element.append(make(page, 'div', { className: 'era-names' }, ...buttons), slider, told)
  return {
    element,
    get now() {
      return era
    }
  }
}

/** Whether nothing stands in an era: then its text says why, and is all there is to see. */
function isBare({ nodes }: SceneDocument, { id }: Era): boolean {
  return nodes.every((node) => node.eras.length > 0 && !node.eras.includes(id))
}
