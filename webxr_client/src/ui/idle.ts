/** What costs battery or watches, camera and position, is switched off when nobody has used the page for a while. */

export const IDLE_MS = 180_000
const USED = ['pointerdown', 'keydown', 'wheel', 'scroll'] as const

export interface Idle {
  /** Something showed that the visitor is there: a step, a turn of the phone. */
  stir: () => void
  stop: () => void
}

/** Call `onIdle` once the page has not been touched nor stirred for idle_ms; a page out of sight counts as unused. */
export function watchIdle(view: Window, onIdle: () => void, idle_ms = IDLE_MS): Idle {
  let timer = view.setTimeout(onIdle, idle_ms)
  const stir = (): void => {
    view.clearTimeout(timer)
    timer = view.setTimeout(onIdle, idle_ms)
  }
  for (const kind of USED) view.addEventListener(kind, stir, { passive: true, capture: true })
  return {
    stir,
    stop: () => {
      view.clearTimeout(timer)
      for (const kind of USED) view.removeEventListener(kind, stir, { capture: true })
    }
  }
}
