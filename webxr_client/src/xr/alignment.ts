/** The estimate of an AR session: fed by the tracked frame, satellites, compass and the visitor; says where the node stands. */

import { bestFirst } from '../align/choose'
import {
  canUndo,
  drawnDoubt,
  type Estimate,
  type Local,
  mayBeAt,
  type SignPose,
  type SurveyPoint,
  wantsSighting
} from '../align/estimator'
import { type Drawn, settle } from '../align/settle'
import { bringsBy, type Entry, follow, startFrom } from '../align/trace'
import type { Fix } from '../geo/trigger'
import { rotate } from '../orbit/frame'
import type { Trace } from '../trace'
import type { Turn } from '../window/attitude'
import { mayOverlay, type TruePlace, truePlace } from '../window/true-place'
import type { Aligning, Point3, SceneNode } from '../wire'
import { type Carried, recall } from './carried'
import type { AlignedFrame } from './session'

/** The phone in its tracked frame at a moment. */
export interface Tracked {
  position: Point3
  /** Where its camera looks, clockwise from -z. */
  heading_deg: number
  at_ms: number
}

export interface Alignment {
  /** What brought the model to where it is drawn; the floor alone before anything did. */
  readonly by: Aligning
  readonly canUndo: boolean
  /** The doubt of what is drawn has grown; one more sighting would help. */
  readonly wants: boolean
  track: (tracked: Tracked) => void
  hearFix: (fix: Fix, at_ms: number) => void
  hearHeading: (magnetic_deg: number, at_ms: number) => void
  /** The points, the most helpful first, with their distance in metres. */
  order: (points: readonly SurveyPointLike[]) => { id: string; away_m: number }[]
  sight: (point: SurveyPoint) => void
  /** A sign told where the phone is; false when the visitor cannot be there. */
  stand: (pose: SignPose) => boolean
  turn: (clockwise_deg: number) => void
  /** Move what is drawn as the visitor sees it: to the right and away, in metres. */
  nudge: (right_m: number, away_m: number) => void
  undo: () => void
  reset: () => void
  /** Tracking is back after so many seconds. */
  found: (lost_s: number) => void
  /** Where the node stands in the tracked frame (height open); null while that is not known well enough. */
  find: () => TruePlace | null
}

export interface SurveyPointLike extends SurveyPoint {
  id: string
}

const EVERY_MS = 200
const FRESH_MS = 150 // a compass is compared with where the phone looked at about the same moment
const DEG = Math.PI / 180

/** Begin near the node's own place, which whoever opens its scene is taken to be. */
export function startAlignment(
  node: SceneNode,
  frame: AlignedFrame,
  trace: Trace | null,
  carried: Carried | null = null
): Alignment {
  const begin: Entry = { kind: 'begin', frame, near: node.geopose.position, steps: false }
  let estimate: Estimate = startFrom(begin)
  let drawn: Drawn | null = null
  let by: Aligning = 'floor'
  let stood = false
  let now: Tracked | null = null
  let heard_ms = Number.NEGATIVE_INFINITY
  let early: Fix | null = null // came before the first frame
  trace?.note(begin)
  const hear = (entry: Exclude<Entry, { kind: 'begin' }>): void => {
    trace?.note(entry)
    estimate = follow(estimate, entry)
    by = bringsBy(entry) ?? by
    drawn = settle(drawn, estimate)
  }
  const local = (at_ms: number): Local => localOf(now, at_ms)
  const before = recall(carried, (pose, at_ms) => hear({ kind: 'pose', pose, local: local(at_ms) }))
  return {
    get by() {
      return by
    },
    get canUndo() {
      return canUndo(estimate)
    },
    get wants() {
      return wantsSighting(estimate, node.geopose.position)
    },
    track(tracked) {
      now = tracked
      if (tracked.at_ms - heard_ms < EVERY_MS) return
      heard_ms = tracked.at_ms
      hear({ kind: 'local', local: local(tracked.at_ms) })
      if (early !== null) this.hearFix(early, tracked.at_ms)
      early = null
      before.compare(tracked)
    },
    hearFix(fix, at_ms) {
      if (now === null) early = fix
      else hear({ kind: 'fix', fix: { ...fix, at_ms }, local: local(at_ms) })
    },
    hearHeading(magnetic_deg, at_ms) {
      if (now === null || Math.abs(at_ms - now.at_ms) > FRESH_MS) return
      hear({ kind: 'heading', magnetic_deg, local_deg: now.heading_deg, local: local(now.at_ms) })
    },
    order: (points) =>
      bestFirst(estimate, points, node.geopose.position).map(({ point, away_m }) => ({ id: point.id, away_m })),
    sight({ lat, lon, accuracy_m }) {
      const point = { lat, lon, accuracy_m }
      if (now !== null) hear({ kind: 'sighting', point, heading_deg: now.heading_deg, local: local(now.at_ms) })
    },
    stand(pose) {
      const possible = now !== null && mayBeAt(estimate, pose)
      if (now !== null && possible) hear({ kind: 'pose', pose, local: local(now.at_ms) })
      return possible
    },
    turn: (clockwise_deg) => hear({ kind: 'turn', clockwise_deg }),
    nudge(right_m, away_m) {
      const heading_rad = (now?.heading_deg ?? 0) * DEG + (drawn?.yaw_rad ?? 0)
      hear({ kind: 'nudge', ...onTheGround(right_m, away_m, heading_rad) })
    },
    undo: () => hear({ kind: 'undo' }),
    reset() {
      before.drop() // it was for the frame before
      hear({ kind: 'reset' })
    },
    found: (lost_s) => hear({ kind: 'lost', lost_s }),
    find() {
      if (drawn === null) return null
      const doubt = drawnDoubt(estimate, node.geopose.position)
      stood = mayOverlay(doubt, stood)
      return stood ? truePlace(drawn, { east_m: 0, north_m: 0 }, doubt, { node, origin: frame.origin }) : null
    }
  }
}

/** East and north of a step to the right and away, for who looks towards a heading. */
function onTheGround(right_m: number, away_m: number, heading_rad: number): { east_m: number; north_m: number } {
  const [sin, cos] = [Math.sin(heading_rad), Math.cos(heading_rad)]
  return { east_m: right_m * cos + away_m * sin, north_m: away_m * cos - right_m * sin }
}

/** Where the phone is in its tracked frame, as the estimate hears it; at the frame's beginning before it has told. */
function localOf(now: Tracked | null, at_ms: number): Local {
  const [x, , z] = now?.position ?? [0, 0, 0]
  return { east_m: x, north_m: -z, at_ms }
}

/** Where a camera looks, clockwise from -z in degrees; null while it looks so far up or down that nothing is ahead. */
export function lookingDeg(turn: Turn): number | null {
  const [x, y, z] = rotate([0, 0, -1], turn)
  return Math.abs(y) > 0.9 ? null : Math.atan2(x, -z) / DEG
}
