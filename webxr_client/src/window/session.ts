/** The magic window: the camera's picture with a model in it that stays in its direction while the phone turns. */
import type { Frame, SignPose, SurveyPoint } from '../align/estimator'
import type { Fix } from '../geo/trigger'
import type { Stage } from '../orbit/stage'
import type { Lookout } from '../scan/look'
import type { Tell } from '../stood'
import type { Trace } from '../trace'
import type { Occluder, SceneNode } from '../wire'
import { WindowRun } from './run'

/**
 * Waiting: no sensor has spoken yet. Silent: none will, it seems. Standing: before the visitor, on an assumed floor.
 * Overlaid: at its true place.
 */
export type WindowState = 'waiting' | 'silent' | 'standing' | 'overlaid'

export interface WindowCallbacks {
  onState: (state: WindowState) => void
  /** The lens, the distance, or what is known of the true place has changed. */
  onAdjust: () => void
  /** The phone was turned on purpose: somebody is there. */
  onTurn: () => void
  /** The visitor began to walk, which takes the model out of sight, or stands again. */
  onWalk: (walks: boolean) => void
  onContext: (state: 'lost' | 'restored') => void
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
  /** The first of the scene; by its place all of them stand. */
  node: SceneNode
  /** The site's frame, for a model whose place is surveyed; null leaves it standing before the visitor. */
  frame: Frame | null
  /** Present-day buildings, which hide what stands behind them while the models stand at their true place. */
  occluders: readonly Occluder[]
  /** Corrections at once, for whoever asked for less motion. */
  still: boolean
  /** Keeps what the estimate heard, for whoever asked for a record. */
  trace: Trace | null
  stream: MediaStream
  /** What the figures are told. */
  tell: Tell
  callbacks: WindowCallbacks
}

export interface WindowSession {
  readonly state: WindowState
  readonly lens_deg: number
  /** How far the model's face is from the visitor. */
  readonly away_m: number
  /** Stand the model where the phone looks now. */
  put: () => void
  /** How sure the true place is while the model stands there. */
  readonly metres: number | null
  /** No compass has told where north is, though there was time for it. */
  readonly lacksNorth: boolean
  readonly canUndo: boolean
  /** Another sighting would make the true place surer. */
  readonly wantsSighting: boolean
  /** Points that can be sighted, the most helpful first. */
  rank: <P extends SurveyPoint>(points: readonly P[]) => P[]
  hearFix: (fix: Fix) => void
  /** The middle of the view is on a surveyed point. */
  sight: (point: SurveyPoint) => void
  /** Let the camera's picture be seen alone, as while a sign is looked for, or with the model again. */
  bareView: (bare: boolean) => void
  /** The camera and how it is held, for whoever looks for a sign. */
  readonly lookout: Lookout
  /** A sign told where the phone was at a moment; false when the visitor cannot be there. */
  stand: (pose: SignPose, at_ms: number) => boolean
  /** Turn what stands at its true place round the visitor, clockwise as seen from above. */
  turnBy: (clockwise_deg: number) => void
  /** Take the last sighting or turn back. */
  undo: () => void
  /** Bring the model nearer (factor above 1) or away. */
  approach: (factor: number) => void
  /** Make the model larger beside real things (factor above 1) or smaller, by another lens. */
  enlarge: (factor: number) => void
  end: () => void
}

/** Begin; the stream is stopped at the end. Null while no model stands on the stage or another session has it. */
export function startWindow(options: WindowOptions): WindowSession | null {
  const loan = options.stage.lend()
  return loan === null ? null : new WindowRun(loan, options)
}
