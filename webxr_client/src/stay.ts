/** How long a landmark is stayed at, and a scene looked at, while the page is in sight. Pure; moments are ms of any clock. */

/** A landmark while the page is in sight: what has not been told yet, and when that was last counted. */
export interface Stay {
  landmark: string | null
  ms: number
  at_ms: number
}

/** A scene that is or was before the visitor, and which of its points of interest were opened. */
export interface Sight {
  experience: string | null
  isSeen: boolean
  ms: number
  at_ms: number
  opened: readonly string[]
}

export const TOLD_EVERY_MS = 60_000
export const COMPLETE_MS = 30_000
/** Between two looks at the clock; a phone that slept longer without hiding the page was not looked at. */
const LONGEST_MS = 75_000

export const NO_STAY: Stay = { landmark: null, ms: 0, at_ms: 0 }
export const NO_SIGHT: Sight = { experience: null, isSeen: false, ms: 0, at_ms: 0, opened: [] }

/** The stay at a moment, near a landmark or (null) near none or out of sight; and the whole seconds to tell of now. */
export function stepStay(
  stay: Stay,
  landmark: string | null,
  now_ms: number
): { stay: Stay; told: { landmark: string; stay_s: number } | null } {
  const ms = stay.landmark === null ? 0 : stay.ms + passed(stay.at_ms, now_ms)
  const ends = landmark !== stay.landmark
  const stay_s = Math.floor(ms / 1000)
  const tells = stay.landmark !== null && stay_s >= 1 && (ends || ms >= TOLD_EVERY_MS)
  const rest_ms = ends ? 0 : ms - (tells ? stay_s * 1000 : 0)
  const told = tells && stay.landmark !== null ? { landmark: stay.landmark, stay_s } : null
  return { stay: { landmark, ms: rest_ms, at_ms: now_ms }, told }
}

/** The sight at a moment: which experience is open, and whether its model is seen. */
export function stepSight(sight: Sight, experience: string | null, isSeen: boolean, now_ms: number): Sight {
  if (experience !== sight.experience) return { ...NO_SIGHT, experience, isSeen, at_ms: now_ms }
  const ms = sight.ms + (sight.isSeen ? passed(sight.at_ms, now_ms) : 0)
  return { ...sight, isSeen, ms, at_ms: now_ms }
}

/** The sight once a point of interest was opened. */
export function openSpot(sight: Sight, spot: string): Sight {
  return sight.opened.includes(spot) ? sight : { ...sight, opened: [...sight.opened, spot] }
}

/** Whether a scene with so many points of interest was looked at whole. */
export function isComplete({ ms, opened }: Sight, spots: number): boolean {
  return ms >= COMPLETE_MS || (spots > 0 && opened.length >= spots)
}

/** How long until the clocks have something to tell; null while both stand. */
export function nextLookMs(stay: Stay, sight: Sight): number | null {
  const waits = [
    ...(stay.landmark === null ? [] : [TOLD_EVERY_MS - stay.ms]),
    ...(sight.isSeen && sight.ms < COMPLETE_MS ? [COMPLETE_MS - sight.ms] : [])
  ]
  return waits.length === 0 ? null : Math.max(0, Math.min(...waits))
}

function passed(from_ms: number, until_ms: number): number {
  return Math.min(Math.max(0, until_ms - from_ms), LONGEST_MS)
}
