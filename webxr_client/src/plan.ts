/** Where a model stands on a plan of the site in metres (x east, y south of its origin). Pure. */

/** How degrees become metres on this plan. */
export interface Scale {
  lat: number
  lon: number
  x_per_deg: number
  y_per_deg: number
}

/** The model's outline from above, in its own metres: x to the right of its face, z behind it. */
export interface Footprint {
  min_x: number
  min_z: number
  max_x: number
  max_z: number
}

/** Where a model's origin stands: h in metres above the ellipsoid. */
export interface Pose {
  lat: number
  lon: number
  h: number
  heading_deg: number
}

export type Act = 'west' | 'north' | 'south' | 'east' | 'left' | 'right' | 'raise' | 'lower'

export const STEP_M = 0.5
export const FINE_STEP_M = 0.05
export const RISE_M = 0.05
const TURN_DEG = 1
const MOVES = new Map<Act, [east: number, south: number]>([
  ['west', [-1, 0]],
  ['north', [0, -1]],
  ['south', [0, 1]],
  ['east', [1, 0]]
])

/** The place of a pose on the plan. */
export function toPlan({ lat, lon }: Pick<Pose, 'lat' | 'lon'>, scale: Scale): [x: number, y: number] {
  return [(lon - scale.lon) * scale.x_per_deg, (scale.lat - lat) * scale.y_per_deg]
}

/** The pose at another place of the plan. */
export function atPlan(pose: Pose, x: number, y: number, scale: Scale): Pose {
  return { ...pose, lat: scale.lat - y / scale.y_per_deg, lon: scale.lon + x / scale.x_per_deg }
}

/** One step of the keyboard or a button. */
export function step(pose: Pose, act: Act, scale: Scale, step_m = STEP_M): Pose {
  if (act === 'left' || act === 'right') {
    return { ...pose, heading_deg: turnTo(pose.heading_deg + (act === 'right' ? TURN_DEG : -TURN_DEG)) }
  }
  if (act === 'raise' || act === 'lower') return raised(pose, pose.h + (act === 'raise' ? RISE_M : -RISE_M))
  const [x, y] = toPlan(pose, scale)
  const [east, south] = MOVES.get(act) ?? [0, 0]
  return atPlan(pose, x + east * step_m, y + south * step_m, scale)
}

/** The pose at another height, to a centimetre. */
export function raised(pose: Pose, h: number): Pose {
  return { ...pose, h: Math.round(h * 100) / 100 }
}

/** Turned so that the face looks from the model's place to a point of the plan. */
export function facing(pose: Pose, x: number, y: number, scale: Scale): Pose {
  const [own_x, own_y] = toPlan(pose, scale)
  return { ...pose, heading_deg: turnTo((Math.atan2(x - own_x, own_y - y) * 180) / Math.PI) }
}

/** Degrees clockwise from north, from 0 to below 360, to a tenth. */
export function turnTo(deg: number): number {
  return (Math.round((((deg % 360) + 360) % 360) * 10) / 10) % 360
}

/** How large a part of the plan is looked at, in metres, so that the model is seen with room round it. */
export function firstView({ min_x, min_z, max_x, max_z }: Footprint): number {
  return Math.max(40, 4 * Math.max(max_x - min_x, max_z - min_z))
}
