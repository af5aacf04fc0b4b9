/**
 * What a sign said before AR began, carried into its tracked frame: AR gives no camera pictures, so the sign is scanned first.
 * The phone's own sensors tell how far it has turned since, and whether the visitor took steps. Pure.
 */
import type { SignPose } from '../align/estimator'

export interface Carried {
  /** In the frame of the phone's own sensors. */
  pose: SignPose
  at_ms: number
  /** Where the camera looks now in that frame, clockwise; null while the sensors are silent or their word is old. */
  headingDeg: (at_ms: number) => number | null
  /** How far the visitor has gone since, counted in steps. */
  walkedM: () => number
  /** The sensors are needed no more. */
  stop: () => void
}

const KEPT_MS = 60_000
const MOVED_M = 0.3 // an arm's movement, while a button was looked for
const SWAYED_M_PER_ROOT_S = 0.1 // of one who stands: small shifts this way and that, too small to be counted as steps
const TURNED_DEG = 1 // two directions compared at about the same moment
const TURNED_DEG_S = 0.04 // a gyroscope alone

/** Whether it still says something. */
export function isFresh({ at_ms }: Carried, now_ms: number): boolean {
  return now_ms - at_ms < KEPT_MS
}

/** How well a place from a sign is known after so many milliseconds and metres. */
export function carriedM(accuracy_m: number, passed_ms: number, walked_m: number): number {
  return Math.hypot(accuracy_m, MOVED_M, SWAYED_M_PER_ROOT_S * Math.sqrt(passed_ms / 1000), walked_m)
}

/** The same pose for the tracked frame, in which the camera looks towards a heading; null while that cannot be told. */
export function poseInFrame(carried: Carried, tracked: { heading_deg: number; at_ms: number }): SignPose | null {
  const own_deg = carried.headingDeg(tracked.at_ms)
  const { pose, at_ms } = carried
  if (own_deg === null || pose.yaw_deg === null || !isFresh(carried, tracked.at_ms)) return null
  const passed_ms = Math.max(0, tracked.at_ms - at_ms)
  return {
    ...pose,
    yaw_deg: pose.yaw_deg + own_deg - tracked.heading_deg,
    accuracy_m: carriedM(pose.accuracy_m, passed_ms, carried.walkedM()),
    accuracy_deg: Math.hypot(pose.accuracy_deg, TURNED_DEG, (TURNED_DEG_S * passed_ms) / 1000)
  }
}

/** A sign scanned before AR counts once: from the first moment at which both frames can be compared. */
export function recall(
  carried: Carried | null,
  onPose: (pose: SignPose, at_ms: number) => void
): { compare: (tracked: { heading_deg: number; at_ms: number }) => void; drop: () => void } {
  let waiting = carried
  const drop = (): void => {
    waiting?.stop()
    waiting = null
  }
  return {
    compare(tracked) {
      if (waiting === null) return
      const pose = poseInFrame(waiting, tracked)
      if (pose === null && isFresh(waiting, tracked.at_ms)) return
      drop()
      if (pose !== null) onPose(pose, tracked.at_ms)
    },
    drop
  }
}
