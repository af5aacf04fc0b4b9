/** The headset: begun by the tap that chose it, ended in the headset or here. */
import { enterHeadset, type Headset } from '../orbit/headset'
import { announce, make, makeButton } from './dom'
import { ENDED, type Ending, type Mode, type ModeParts } from './mode'

/** Begin in the headset. Must be called from a tap. */
export function openHeadset(parts: ModeParts): Mode {
  const { scene, words, view, visit, place, say, onEnd } = parts
  const page = view.document
  let headset: Headset | null = null
  let over = false
  let ending: Ending = ENDED
  const finish = (ending: Ending): void => {
    if (over) return
    over = true
    place.replaceChildren()
    if (visit.state.beside !== null) visit.dispatch({ type: 'beside_changed', beside: null })
    onEnd(ending)
    if (ending.problem !== null) announce(page, words(ending.problem))
  }
  const mode: Mode = {
    end() {
      if (headset === null) finish(ENDED)
      else void headset.end()
    }
  }
  const { stage } = scene
  if (stage === null) {
    finish({ problem: 'vr_broken' })
    return mode
  }
  void enterHeadset(
    (onChange) => stage.lendWorld(onChange),
    () => finish(ending)
  ).then((start) => {
    if (!start.ok) return finish({ problem: `vr_${start.problem}` })
    headset = start.headset
    if (over) return void headset.end() // ended while the headset was still asking
    visit.dispatch({ type: 'beside_changed', beside: 'headset' })
    say(words('vr_where'))
    const lost = (): void => {
      ending = { problem: 'context_lost', again: 'try_again' }
      mode.end()
    }
    stage.canvas.addEventListener('webglcontextlost', lost, { once: true })
  })
  place.replaceChildren(
    make(
      page,
      'div',
      { className: 'row' },
      makeButton(page, words('mode_end'), () => mode.end())
    )
  )
  return mode
}
