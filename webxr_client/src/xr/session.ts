/** AR on the floor: a WebXR `immersive-ar` session in which the visitor places a model at its true size. */
import type { Stage } from '../orbit/stage'
import type { SceneNode } from '../wire'

/**
 * Where an AR session stands. Starting: the browser asks. Searching: no floor yet. Ready: the floor is found, a ring lies
 * on it, a tap places. Placed: the model stands. Lost: the phone does not know where it is. Failed: it never began.
 */
export type ArState = 'off' | 'starting' | 'searching' | 'ready' | 'placed' | 'lost' | 'failed'

/** Why AR did not begin; the page has a sentence for each, `ar_` and the code. */
export type ArProblem = 'unsupported' | 'denied' | 'busy' | 'broken'

export interface ArCallbacks {
  onState: (state: ArState) => void
  /** Once, when the session is over, whoever ended it; the stage shows the orbit view again. */
  onEnd: () => void
}

export interface ArOptions {
  stage: Stage
  /** The element that holds the page's controls; the only one seen during the session. */
  overlayRoot: HTMLElement
  node: SceneNode
  callbacks: ArCallbacks
}

/** A running session. Without a DOM overlay (`hasOverlay` false) no control is seen: a tap on the floor places and replaces. */
export interface ArSession {
  readonly hasOverlay: boolean
  /** Put the model where the ring lies; false while there is none. */
  place: () => boolean
  /** Take the model up again and show the ring. */
  again: () => void
  end: () => Promise<void>
}

export type ArStart = { ok: true; session: ArSession } | { ok: false; problem: ArProblem }

/** Begin. Must be called from a tap, without waiting for anything before. */
export declare function startAr(options: ArOptions): Promise<ArStart>
