/** The magic window: the camera's picture with a model in it that stays in its direction while the phone turns. */
import type { Stage } from '../orbit/stage'
import type { SceneNode } from '../wire'
import { WindowRun } from './run'
import type { Heading } from './sensors'

/**
 * Waiting: no sensor has spoken yet. Silent: none will, it seems. Standing: before the visitor, on an assumed floor.
 * Overlaid: at its true place.
 */
export type WindowState = 'waiting' | 'silent' | 'standing' | 'overlaid'

export interface WindowCallbacks {
  onState: (state: WindowState) => void
  /** The lens or the distance was changed. */
  onAdjust: () => void
  onContext: (state: 'lost' | 'restored') => void
  onHeading?: (heading: Heading) => void
  /** The page is not seen any more, or the phone took the camera: the end follows. */
  onPause: () => void
  /** Once, whoever ended it; camera and sensors are off, the stage shows the orbit view again. */
  onEnd: () => void
}

export interface WindowOptions {
  view: Window
  stage: Stage
  /** The element that holds the stage's canvas; the camera's picture goes behind it. */
  container: HTMLElement
  node: SceneNode
  stream: MediaStream
  callbacks: WindowCallbacks
}

export interface WindowSession {
  readonly state: WindowState
  readonly lens_deg: number
  /** How far the model's face is from the visitor. */
  readonly away_m: number
  /** Stand the model where the phone looks now. */
  put: () => void
  /** Bring the model nearer (factor above 1) or away. */
  approach: (factor: number) => void
  /** Make the model larger beside real things (factor above 1) or smaller, by another lens. */
  enlarge: (factor: number) => void
  end: () => void
}

/** Begin; the stream is stopped at the end. Null while no model stands on the stage or another session has it. */
export function startWindow(options: WindowOptions): WindowSession | null {
  const loan = options.stage.lend(options.node.id)
  return loan === null ? null : new WindowRun(loan, options)
}
