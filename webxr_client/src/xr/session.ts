/** AR on the floor: a WebXR `immersive-ar` session in which the visitor places a model at its true size. */
import type { Frame } from '../align/estimator'
import type { Stage } from '../orbit/stage'
import { reasonOf } from '../reasons'
import type { Tell } from '../stood'
import type { Trace } from '../trace'
import type { Hazard, Occluder, Point3, SceneNode } from '../wire'
import type { Alignment } from './alignment'
import type { Carried } from './carried'
import type { NearestEdge } from './edges'
import { beginRun } from './run'

/** The site's frame, for a model whose place is surveyed. */
export type AlignedFrame = Frame

/**
 * Where an AR session stands. Starting: the browser asks. Searching: no floor yet. Ready: the floor is found, a ring lies
 * on it, a tap places. Placed: the model stands on the floor. Overlaid: it stands at its true place. Lost: the phone does not know where it is. Failed: it never began.
 */
export type ArState = 'off' | 'starting' | 'searching' | 'ready' | 'placed' | 'overlaid' | 'lost' | 'failed'

/** Why AR did not begin; the page has a sentence for each, `ar_` and the code. */
export type ArProblem = 'unsupported' | 'denied' | 'busy' | 'broken'

/** How the model stands: width, height, depth as drawn, and how far its face is from the visitor. */
export interface PlacedModel {
  size_m: Point3
  distance_m: number
}

export interface ArCallbacks {
  onState: (state: ArState) => void
  onPlaced?: (placed: PlacedModel) => void
  /** The visitor has begun to walk, which hides the model, or has stopped. */
  onWalk?: (walking: boolean) => void
  /** The phone was turned or carried: somebody is there. */
  onStir?: () => void
  /** How far away the nearest edge is, while the way that is tracked tells where the visitor stands. */
  onEdge?: (near: NearestEdge | null) => void
  /** Once, when the session is over, whoever ended it; the stage shows the orbit view again. */
  onEnd: () => void
}

export interface ArOptions {
  stage: Stage
  /** The element that holds the page's controls; the only one seen during the session. */
  overlayRoot: HTMLElement
  /** The first of the scene; by its place all of them stand. */
  node: SceneNode
  /** Null leaves the models to stand on the floor. */
  frame: AlignedFrame | null
  /** Corrections at once, for whoever asked for less motion. */
  still: boolean
  /** Edges to look out for, drawn where they truly are while the model stands at its true place. */
  hazards?: readonly Hazard[]
  /** Present-day buildings, which hide what stands behind them while the models stand at their true place. */
  occluders?: readonly Occluder[]
  trace: Trace | null
  /** A sign that was scanned before. */
  carried?: Carried | null
  /** What the figures are told. */
  tell: Tell
  callbacks: ArCallbacks
}

/** A running session. Without a DOM overlay (`hasOverlay` false) no control is seen: a tap places, the next one replaces. */
export interface ArSession {
  readonly hasOverlay: boolean
  /** What finds the true place; null for a model that is not surveyed. */
  readonly alignment: Alignment | null
  /** How well the true place is known, in metres, while the model stands there. */
  readonly doubt_m: number | null
  /** While the visitor aims at a point a tap is meant for that. */
  aiming: boolean
  /** Put the model where the ring lies; false while there is none. */
  place: () => boolean
  /** Take the model up again and show the ring. */
  again: () => void
  end: () => Promise<void>
}

export type ArStart = { ok: true; session: ArSession } | { ok: false; problem: ArProblem }

const PROBLEMS: Record<string, ArProblem> = {
  NotSupportedError: 'unsupported',
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  InvalidStateError: 'busy'
}

/** Begin. Must be called from a tap, without waiting for anything before. */
export async function startAr(options: ArOptions): Promise<ArStart> {
  const { stage, overlayRoot } = options
  if (navigator.xr === undefined) return fail(options, 'unsupported')
  options.callbacks.onState('starting')
  let session: XRSession
  try {
    session = await navigator.xr.requestSession('immersive-ar', {
      requiredFeatures: ['local', 'hit-test'],
      optionalFeatures: ['dom-overlay', 'anchors', 'light-estimation'],
      domOverlay: { root: overlayRoot }
    })
  } catch (error) {
    return fail(options, PROBLEMS[error instanceof Error ? error.name : ''] ?? 'broken')
  }
  const loan = stage.lend()
  if (loan === null) {
    await session.end()
    return fail(options, 'busy') // no model stands there, or another session has it
  }
  try {
    return { ok: true, session: await beginRun(session, loan, options) }
  } catch {
    return fail(options, 'broken')
  }
}

function fail({ callbacks, tell }: ArOptions, problem: ArProblem): ArStart {
  const reason = reasonOf(`ar_${problem}`)
  if (reason === null) tell({ type: 'permission_refused', permission: 'camera' })
  else tell({ type: 'failed', reason })
  callbacks.onState('failed')
  return { ok: false, problem }
}
