/** Whether a visitor is walking, from tracked positions: who walks must see the road and not a picture over it. Pure. */

/** A ground position in metres at a moment in ms, and the speed smoothed until then. */
export interface Gait {
  east_m: number
  north_m: number
  at_ms: number
  speed_m_s: number
  walking: boolean
}

const SMOOTH_S = 0.8 // a hand that sways must not count as a step
const START_M_S = 0.6
const STOP_M_S = 0.25
const GAP_S = 2 // after a longer silence the last position says nothing
const LEAP_M_S = 8 // tracking that finds itself elsewhere, not a visitor

/** Standing at a place. */
export function stand(east_m: number, north_m: number, at_ms: number): Gait {
  return { east_m, north_m, at_ms, speed_m_s: 0, walking: false }
}

/** The gait after one more position; it starts above 0.6 m/s and ends below 0.25 m/s. */
export function stepGait(gait: Gait, east_m: number, north_m: number, at_ms: number): Gait {
  const passed_s = (at_ms - gait.at_ms) / 1000
  if (passed_s <= 0) return gait
  if (passed_s > GAP_S) return stand(east_m, north_m, at_ms)
  const keep = Math.exp(-passed_s / SMOOTH_S)
  const way_m = Math.hypot(east_m - gait.east_m, north_m - gait.north_m)
  if (way_m / passed_s > LEAP_M_S) return { ...gait, east_m, north_m, at_ms }
  const speed_m_s = keep * gait.speed_m_s + (1 - keep) * (way_m / passed_s)
  const walking = gait.walking ? speed_m_s > STOP_M_S : speed_m_s > START_M_S
  return { east_m, north_m, at_ms, speed_m_s, walking }
}
