/** The page on which a model is placed: the plan, the view in three dimensions and the numbers, all of one place. */
import { type PlaceWords, sayPlace } from './place-said'
import { PlaceState, type Source } from './place-state'
import { type Act, FINE_STEP_M, type Scale, STEP_M, step } from './plan'
import { PlanView } from './plan-view'
import { readData } from './staff'
import { readBox, readPlan } from './surroundings'
import { openView, type ViewWords } from './view-door'

const KEYS: Record<string, Act> = {
  ArrowLeft: 'west',
  ArrowUp: 'north',
  ArrowDown: 'south',
  ArrowRight: 'east',
  ',': 'left',
  '.': 'right',
  '<': 'left', // a comma with Shift
  '>': 'right',
  PageUp: 'raise',
  PageDown: 'lower'
}
const ZOOM = 1.5
const SAY_MS = 400 // once whoever moves it has stopped

/** Bring the page alive; without script its numbers work all the same. */
export function setUpPlacing(page: Document, form: HTMLFormElement): void {
  const plan = page.querySelector<SVGSVGElement>('#plan')
  const words = readData<PlaceWords & ViewWords & { north_letter: string }>(page, 'view-words')
  const buttons = page.querySelector<HTMLElement>('#plan-buttons')
  if (plan === null || words === null || buttons === null) return
  const read = (name: string): number => Number(plan.dataset[name])
  const scale: Scale = { lat: read('lat'), lon: read('lon'), x_per_deg: read('x'), y_per_deg: read('y') }
  const box = readBox(plan.dataset)
  const state = new PlaceState(form, read('floor'), {
    lat: scale.lat,
    lon: scale.lon,
    h: read('floor'),
    heading_deg: 0
  })
  const [min_x, , min_z] = box.min
  const [max_x, , max_z] = box.max
  const drawn = new PlanView(plan, scale, { min_x, min_z, max_x, max_z }, state)
  buttons.hidden = false
  buttons.addEventListener('click', (event) => {
    const act = (event.target as HTMLElement).closest<HTMLElement>('[data-act]')?.dataset['act']
    if (act === 'nearer' || act === 'farther') drawn.zoom(act === 'nearer' ? 1 / ZOOM : ZOOM)
    else if (act !== undefined) state.put(step(state.pose, act as Act, scale), 'keys')
  })
  listenForKeys(plan, state, scale, (factor) => drawn.zoom(factor))
  sayWhenStill(page, state, (pose) => sayPlace(pose, scale, state.floor_m, words))
  const figure = page.querySelector<HTMLElement>('#ground')
  if (figure === null) return
  openView(figure, words, async (tell) => {
    const { GroundView } = await import('./orbit/ground-view')
    const view = GroundView.open(figure, { state, scale, box, around: readPlan(plan), words, tell })
    if (view === null) return false
    listenForKeys(view.canvas, state, scale, (factor) => view.zoom(factor))
    return true
  })
}

/** Move, turn and raise by keys; plus and minus come nearer or go away. */
function listenForKeys(
  element: SVGElement | HTMLElement,
  state: PlaceState,
  scale: Scale,
  zoom: (factor: number) => void
): void {
  ;(element as HTMLElement).addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = KEYS[event.key]
    if (act !== undefined) state.put(step(state.pose, act, scale, event.shiftKey ? FINE_STEP_M : STEP_M), 'keys')
    else if (event.key === '+' || event.key === '-') zoom(event.key === '+' ? 1 / ZOOM : ZOOM)
    else return
    event.preventDefault() // the page would scroll
  })
}

/** Say the place in words once it rests; what is typed needs no echo. */
function sayWhenStill(page: Document, state: PlaceState, say: (pose: PlaceState['pose']) => string): void {
  const said = page.querySelector('#place-said')
  let timer: ReturnType<typeof setTimeout> | undefined
  state.listen((_, source: Source) => {
    clearTimeout(timer)
    if (source === 'fields') return
    timer = setTimeout(() => {
      if (said !== null) said.textContent = say(state.pose)
    }, SAY_MS)
  })
}
