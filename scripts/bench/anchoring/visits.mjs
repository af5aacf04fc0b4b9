/** Visits as they truly are: where the visitor stands and walks, which way the phone looks, and what stands around. */
import { makeUniform } from './chance.mjs'

export const STEP_S = 0.2
export const VISIT_S = 201
const WALK_M_S = 1.1

/**
 * One visit of 201 s: 34 to 45 s standing, then walking 10 to 45 m at 1.1 m/s and standing for 8 to 25 s in turn. Who stands
 * looks round first and then holds the phone still; who walks looks ahead, each leg up to 20 degrees aside of the way. Eight
 * points stand round the place where the visit begins, 8 to 60 m away.
 */
export function makeVisit(seed) {
  const uniform = makeUniform(seed)
  const between = (low, high) => low + (high - low) * uniform()
  const marks = Array.from({ length: 8 }, (_, i) => {
    const away_m = between(8, 60)
    const bearing = ((i + uniform()) / 8) * 2 * Math.PI
    return { east_m: away_m * Math.sin(bearing), north_m: away_m * Math.cos(bearing) }
  })
  const moments = []
  let [east_m, north_m, heading, turn] = [0, 0, between(0, 2 * Math.PI), 0]
  let leg = { from_s: 0, until_s: between(34, 45), goal: null, aside: 0 }
  for (let at_s = 0; at_s < VISIT_S; at_s += STEP_S) {
    const arrived = leg.goal !== null && Math.hypot(leg.goal.east_m - east_m, leg.goal.north_m - north_m) < 0.3
    if (leg.goal === null ? at_s >= leg.until_s : arrived) leg = nextLeg(leg, at_s, { east_m, north_m }, between)
    if (leg.goal !== null) {
      const course = Math.atan2(leg.goal.east_m - east_m, leg.goal.north_m - north_m)
      east_m += WALK_M_S * STEP_S * Math.sin(course)
      north_m += WALK_M_S * STEP_S * Math.cos(course)
      heading += 0.15 * wrap(course + leg.aside - heading)
    } else {
      const looks = at_s < (leg.from_s + leg.until_s) / 2
      turn = looks ? 0.97 * turn + between(-0.06, 0.06) : 0
      heading += turn * STEP_S
    }
    const still = leg.goal === null && turn === 0
    moments.push({ at_s, east_m, north_m, heading, walking: leg.goal !== null, still })
  }
  return { seed, moments, marks }
}

function nextLeg(leg, at_s, here, between) {
  if (leg.goal !== null) return { from_s: at_s, until_s: at_s + between(8, 25), goal: null, aside: 0 }
  // the site is about 90 m wide: who comes to its edge turns back
  const away_m = between(10, 45)
  const home = Math.atan2(-here.east_m, -here.north_m)
  const far = Math.hypot(here.east_m, here.north_m) > 35
  const course = far ? home + between(-0.7, 0.7) : between(0, 2 * Math.PI)
  const goal = { east_m: here.east_m + away_m * Math.sin(course), north_m: here.north_m + away_m * Math.cos(course) }
  return { from_s: at_s, until_s: Number.POSITIVE_INFINITY, goal, aside: between(-0.35, 0.35) }
}

export function wrap(angle) {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI))
}
