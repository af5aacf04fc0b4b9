/** Where somebody stands in a scene and where they look, as plain numbers; y up, metres, directions clockwise from -z. */
import { directionOf, type Extent, fitDistance, type Lens } from './frame'

/** Height of the eyes above the ground. */
export const EYES_M = 1.6

export interface Walker {
  x_m: number
  z_m: number
  yaw_deg: number
  pitch_deg: number
}

/** The round ground one may walk on: walls are walked through, its edge is not. */
export interface Field {
  middle_x_m: number
  middle_z_m: number
  reach_m: number
  floor_m: number
}

const REACH = 2.2 // radii of the scene
const LEAST_REACH_M = 12
const NEARER = 0.7 // of the distance from which all is seen: a street lets one look up at a house
const STEEPEST_DEG = 60

/** The ground of a scene. */
export function fieldOf(extent: Extent): Field {
  const reach_m = Math.max(extent.radius_m * REACH, LEAST_REACH_M)
  return { middle_x_m: extent.middle[0], middle_z_m: extent.middle[2], reach_m, floor_m: extent.floor_m }
}

/** Before the face of the first model, looking at it. */
export function startOf(extent: Extent, facing_deg: number, lens: Lens): Walker {
  const direction = directionOf(facing_deg, 0)
  const all_m = fitDistance(extent, direction, lens)
  const away_m = Math.min(Math.max(all_m * NEARER, extent.radius_m), fieldOf(extent).reach_m * 0.9)
  return {
    x_m: extent.middle[0] + direction[0] * away_m,
    z_m: extent.middle[2] + direction[2] * away_m,
    yaw_deg: facing_deg + 180,
    pitch_deg: 0
  }
}

/** After going forward and to the right; at the edge one slides along it. */
export function go(walker: Walker, forward_m: number, right_m: number, field: Field): Walker {
  const yaw = (walker.yaw_deg * Math.PI) / 180
  const x_m = walker.x_m + Math.sin(yaw) * forward_m + Math.cos(yaw) * right_m
  const z_m = walker.z_m - Math.cos(yaw) * forward_m + Math.sin(yaw) * right_m
  return goTo(walker, x_m, z_m, field)
}

/** Standing at a place, or as near to it as the field reaches. */
export function goTo(walker: Walker, x_m: number, z_m: number, field: Field): Walker {
  const [east, south] = [x_m - field.middle_x_m, z_m - field.middle_z_m]
  const share = Math.min(1, field.reach_m / (Math.hypot(east, south) || 1))
  return { ...walker, x_m: field.middle_x_m + east * share, z_m: field.middle_z_m + south * share }
}

/** After turning the head to the right and up; never quite to the zenith. */
export function look(walker: Walker, right_deg: number, up_deg: number): Walker {
  const pitch_deg = Math.min(STEEPEST_DEG, Math.max(-STEEPEST_DEG, walker.pitch_deg + up_deg))
  return { ...walker, yaw_deg: (((walker.yaw_deg + right_deg) % 360) + 360) % 360, pitch_deg }
}

/** Whether the next step outwards would leave the field. */
export function isAtEdge(walker: Walker, field: Field): boolean {
  return Math.hypot(walker.x_m - field.middle_x_m, walker.z_m - field.middle_z_m) > field.reach_m - 0.01
}
