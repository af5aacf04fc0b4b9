/** The estimate of a magic window, fed by what the phone tells and what the visitor does. */
import { bestFirst } from '../align/choose'
import {
  canUndo,
  drawnDoubt,
  type Frame,
  type Local,
  mayBeAt,
  type SignPose,
  type SurveyPoint,
  wantsSighting
} from '../align/estimator'
import { settle } from '../align/settle'
import { bringsBy, type Entry, follow, startFrom } from '../align/trace'
import type { Fix } from '../geo/trigger'
import type { Trace } from '../trace'
import type { Aligning, SceneNode } from '../wire'
import type { Heading } from './sensors'
import { type Doubt, mayOverlay, type TruePlace, truePlace } from './true-place'

export interface Anchoring {
  /** What brought the model to where it is drawn; the floor alone before anything did. */
  readonly by: Aligning
  readonly canUndo: boolean
  /** Another sighting would make the place surer. */
  readonly wantsSighting: boolean
  hearHeading: (heading: Heading) => void
  hearFix: (fix: Fix, at_ms: number) => void
  /** The visitor has gone on: a place in the phone's frame, counted in steps. */
  hearWay: (way: Local) => void
  /** The visitor holds the ring on a point, in this direction of the phone's frame. */
  sight: (point: SurveyPoint, heading_deg: number, at_ms: number) => void
  /** A sign told where the phone is; false when the visitor cannot be there. */
  stand: (pose: SignPose, at_ms: number) => boolean
  /** The visitor turned what is shown, clockwise as seen from above. */
  turn: (clockwise_deg: number) => void
  undo: () => void
  /** Where the node stands round the phone; null while that is not known well enough. */
  find: () => TruePlace | null
  /** Points that can be sighted, the most helpful first. */
  rank: <P extends SurveyPoint>(points: readonly P[]) => P[]
}

const HEADING_EVERY_MS = 400 // a compass speaks sixty times a second and says the same

/** Begin near the node's own place, where whoever opens its scene is taken to be; `onChange` hears when it is drawn elsewhere. */
export function startAnchoring(node: SceneNode, frame: Frame, trace: Trace | null, onChange: () => void): Anchoring {
  const begin: Entry = { kind: 'begin', frame, near: node.geopose.position, steps: true }
  let estimate = startFrom(begin)
  let drawn = settle(null, estimate)
  let way: Local = { east_m: 0, north_m: 0, at_ms: 0 }
  let by: Aligning = 'floor'
  let stands = false
  let headed_ms = Number.NEGATIVE_INFINITY
  trace?.note(begin)
  const doubt = (): Doubt => drawnDoubt(estimate, node.geopose.position)
  const here = (at_ms: number): Local => ({ ...way, at_ms })
  const hear = (entry: Exclude<Entry, { kind: 'begin' }>, moved = false): void => {
    trace?.note(entry)
    const next = follow(estimate, entry)
    if (next === estimate) return
    estimate = next
    by = bringsBy(entry) ?? by
    const [before, stood] = [drawn, stands]
    drawn = settle(drawn, estimate)
    stands = mayOverlay(doubt(), stood)
    if (moved || drawn !== before || stands !== stood) onChange()
  }
  return {
    get by() {
      return by
    },
    get canUndo() {
      return canUndo(estimate)
    },
    get wantsSighting() {
      return wantsSighting(estimate, node.geopose.position)
    },
    hearHeading({ magnetic_deg, local_deg, at_ms }) {
      if (at_ms - headed_ms < HEADING_EVERY_MS) return
      headed_ms = at_ms
      hear({ kind: 'heading', magnetic_deg, local_deg, local: here(at_ms) })
    },
    hearFix: (fix, at_ms) => hear({ kind: 'fix', fix: { ...fix, at_ms }, local: here(at_ms) }),
    hearWay(local) {
      const moved = local.east_m !== way.east_m || local.north_m !== way.north_m
      way = local
      if (moved) hear({ kind: 'local', local }, true)
    },
    sight: (point, heading_deg, at_ms) => hear({ kind: 'sighting', point, heading_deg, local: here(at_ms) }),
    stand(pose, at_ms) {
      const possible = mayBeAt(estimate, pose)
      if (possible) hear({ kind: 'pose', pose, local: here(at_ms) })
      return possible
    },
    turn: (clockwise_deg) => hear({ kind: 'turn', clockwise_deg }),
    undo: () => hear({ kind: 'undo' }),
    find: () => (stands ? truePlace(drawn, way, doubt(), { node, origin: frame.origin }) : null),
    rank: (points) => bestFirst(estimate, points, node.geopose.position).map(({ point }) => point)
  }
}
