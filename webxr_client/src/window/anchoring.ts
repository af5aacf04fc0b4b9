/** The estimate of a magic window, fed by what the phone tells and what the visitor does. */
import {
  canUndo,
  type Estimate,
  type Frame,
  type Local,
  type SurveyPoint,
  start,
  undo,
  withFix,
  withHeading,
  withSighting,
  withTurn
} from '../align/estimator'
import { STEPS } from '../align/motion'
import type { Fix } from '../geo/trigger'
import type { SceneNode } from '../wire'
import type { Heading } from './sensors'
import { mayOverlay, type TruePlace, truePlace } from './true-place'

export interface Anchoring {
  readonly canUndo: boolean
  hearHeading: (heading: Heading) => void
  hearFix: (fix: Fix, at_ms: number) => void
  /** The visitor holds the ring on a point, in this direction of the phone's frame. */
  sight: (point: SurveyPoint, heading_deg: number, at_ms: number) => void
  /** The visitor turned what is shown, clockwise as seen from above. */
  turn: (clockwise_deg: number) => void
  undo: () => void
  /** Where the node stands; null while that is not known well enough. */
  find: () => TruePlace | null
}

/** Begin near the node's own place, which whoever opens its scene is taken to be; `onChange` hears of every new estimate. */
export function startAnchoring(node: SceneNode, frame: Frame, onChange: () => void): Anchoring {
  let estimate: Estimate = start(frame, node.geopose.position, STEPS)
  let stood = false
  const here = (at_ms: number): Local => ({ east_m: 0, north_m: 0, at_ms })
  const become = (next: Estimate): void => {
    if (next === estimate) return
    estimate = next
    onChange()
  }
  return {
    get canUndo() {
      return canUndo(estimate)
    },
    hearHeading: ({ magnetic_deg, local_deg, at_ms }) =>
      become(withHeading(estimate, magnetic_deg, local_deg, here(at_ms))),
    hearFix: (fix, at_ms) => become(withFix(estimate, { ...fix, at_ms }, here(at_ms))),
    sight: (point, heading_deg, at_ms) => become(withSighting(estimate, point, heading_deg, here(at_ms))),
    turn: (clockwise_deg) => become(withTurn(estimate, clockwise_deg)),
    undo: () => become(undo(estimate)),
    find() {
      const place = truePlace(estimate, node, frame.origin)
      stood = mayOverlay(place.doubt, stood)
      return stood ? place : null
    }
  }
}
