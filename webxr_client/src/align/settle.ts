/** What is drawn of an estimate: it changes while the visitor walks or acts, and rests while they stand and look. Pure. */
import { type Estimate, localFromSite, uncertaintyDeg, uncertaintyM } from './estimator'

/** How the site is drawn in the tracked frame, and where the visitor was at the time. */
export interface Drawn {
  yaw_rad: number
  east_m: number
  north_m: number
  from_east_m: number
  from_north_m: number
  before: Estimate | null
  tracked: boolean
}

const WALKED_M = 0.5 // a step: what changes now goes under in the movement
const SHARE = 0.3 // of the doubt; a smaller correction is not worth the eye's attention
const LEAST_M = 0.3
const LEAST_RAD = (1 * Math.PI) / 180

/** What is drawn after a new estimate: the same value as long as it rests. */
export function settle(drawn: Drawn | null, estimate: Estimate): Drawn {
  const next = draw(estimate)
  if (drawn === null || drawn.before !== next.before || drawn.tracked !== next.tracked) return next
  const walked_m = Math.hypot(next.from_east_m - drawn.from_east_m, next.from_north_m - drawn.from_north_m)
  if (walked_m > WALKED_M) return next
  const off_rad = Math.abs(Math.atan2(Math.sin(next.yaw_rad - drawn.yaw_rad), Math.cos(next.yaw_rad - drawn.yaw_rad)))
  const off_m = offM(drawn, next)
  const enough_rad = Math.max(LEAST_RAD, (SHARE * uncertaintyDeg(estimate) * Math.PI) / 180)
  return off_rad > enough_rad || off_m > Math.max(LEAST_M, SHARE * uncertaintyM(estimate)) ? next : drawn
}

function draw(estimate: Estimate): Drawn {
  const { past, local } = estimate
  return {
    ...localFromSite(estimate),
    from_east_m: local?.east_m ?? 0,
    from_north_m: local?.north_m ?? 0,
    before: past?.before ?? null,
    tracked: local !== null
  }
}

/** How far apart the two put what stands where the visitor is. */
function offM(a: Drawn, b: Drawn): number {
  const [ax, ay] = siteOf(a, b.from_east_m, b.from_north_m)
  const [bx, by] = siteOf(b, b.from_east_m, b.from_north_m)
  return Math.hypot(ax - bx, ay - by)
}

function siteOf(drawn: Drawn, east_m: number, north_m: number): [number, number] {
  const [x, y] = [east_m - drawn.east_m, north_m - drawn.north_m]
  const [sin, cos] = [Math.sin(drawn.yaw_rad), Math.cos(drawn.yaw_rad)]
  return [x * cos + y * sin, y * cos - x * sin]
}
