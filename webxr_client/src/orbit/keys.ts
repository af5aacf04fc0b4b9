/** Turning and nearing by keyboard. */
/** What hears the keys: a canvas with an eye that circles something. */
export interface Turned {
  readonly canvas: HTMLCanvasElement
  turn: (right_deg: number, up_deg: number) => void
  zoom: (factor: number) => void
  reset: () => void
}

const STEP_DEG = 10
const STEP_ZOOM = 1.15

/** What each key does to the stage. */
const KEYS: Record<string, (stage: Turned) => void> = {
  ArrowLeft: (stage) => stage.turn(-STEP_DEG, 0),
  ArrowRight: (stage) => stage.turn(STEP_DEG, 0),
  ArrowUp: (stage) => stage.turn(0, STEP_DEG),
  ArrowDown: (stage) => stage.turn(0, -STEP_DEG),
  '+': (stage) => stage.zoom(1 / STEP_ZOOM),
  '=': (stage) => stage.zoom(1 / STEP_ZOOM),
  '-': (stage) => stage.zoom(STEP_ZOOM),
  Home: (stage) => stage.reset()
}

/** Listen on the stage's canvas, which takes the focus. */
export function listenForKeys(stage: Turned): void {
  stage.canvas.addEventListener('keydown', (event) => {
    const act = KEYS[event.key]
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    act(stage)
  })
}
