/** What a phone would tell of a visit: the noise models, stated in one place. None of them was recorded on site. */
import { makeNormal, makeUniform, makeWalk, makeWandering } from './chance.mjs'
import { STEP_S, wrap } from './visits.mjs'

const DEG = Math.PI / 180

/** Deviations: of a fix along one axis, and of the compass; both in all. */
export const PLACES = {
  good: { fix_m: 3, compass_deg: 5 },
  urban: { fix_m: 6, compass_deg: 12 }
}
/** Fixes, one a second: the error is Gauss-Markov with this time constant, a tenth of its variance new with each fix. */
export const FIX_STAYS_S = 30
const FIX_NEW = Math.sqrt(0.1)
/** The course of a fix, where it is told: the speed it comes from is off along one axis by this share of the fix, in m/s. */
const SPEED_SHARE = 0.07
const SPEED_STAYS_S = 3
/** The compass: three quarters of its variance stay for the visit, a quarter wanders; each reading trembles on top. */
const COMPASS_WANDERS_S = 60
const COMPASS_TREMBLES_DEG = 2
/** A tracked frame: its way is off by a share, its north turns as a random walk, in degrees in the root of a minute. */
const TRACK_SCALE = 0.01
const TRACK_YAW_DEG = 1
/** A phone that only turns: its gyroscope drifts by so many degrees a minute, which wanders too; each reading trembles. */
const TURN_DRIFT_DEG_MIN = 2
const TURN_DRIFT_STAYS_S = 100
const TURN_TREMBLES_DEG = 0.02
/** A hand that holds the ring on a point. */
const POINTING_DEG = 0.7
/** Steps: the visitor's own length, and the bounce of each in the acceleration, over a tremble of the hand. */
const STRIDE_M = 0.68
const STRIDE_VARIES = 0.1
const BOUNCE_M_S2 = 1.6
const HAND_M_S2 = 0.25
export const DECLINATION_DEG = -7.78
/** Readings of the motion sensors in one moment of 0.2 s. */
export const READINGS = 10

/** Everything that the phone's sensors tell, moment by moment. `mark_m`: how well the points to be sighted are surveyed. */
export function sense(visit, { fix_m, compass_deg, mark_m = 0.1, fix_stays_s = FIX_STAYS_S, compass_off_deg = null, stray = null, course = false }) {
  const normal = makeNormal(visit.seed * 7919 + 1)
  const uniform = makeUniform(visit.seed * 104729 + 3)
  const fixOf = makeFixes(normal, fix_m, fix_stays_s, stray)
  const courseOf = makeCourse(makeNormal(visit.seed * 15485863 + 5), SPEED_SHARE * fix_m)
  const magneticOf = makeCompass(normal, compass_deg, compass_off_deg)
  const track = makeFrame(normal, uniform, TRACK_YAW_DEG, TRACK_SCALE)
  const turn = makeDrift(normal, uniform)
  const feel = makeMotion(normal)
  const told = visit.moments.map((moment, i) => {
    const before = visit.moments[i - 1] ?? moment
    const yaw = turn()
    const fix = fixOf(moment, i % Math.round(1 / STEP_S) === 0)
    const walked = courseOf(before, moment)
    return {
      ...moment,
      fix: fix === null || !course ? fix : { ...fix, ...walked },
      magnetic_deg: magneticOf(moment),
      local: track(before, moment),
      turned_yaw: yaw,
      readings: feel(before, moment, yaw)
    }
  })
  const marks = visit.marks.map(({ east_m, north_m }) => ({
    east_m: east_m + (mark_m / Math.SQRT2) * normal(),
    north_m: north_m + (mark_m / Math.SQRT2) * normal(),
    accuracy_m: mark_m
  }))
  return { told, marks, pointing: () => POINTING_DEG * normal() }
}

/** Accuracy is stated as phones do, for 68 %, and is itself off by a quarter. `stray`: seconds in which fixes are 200 m off. */
function makeFixes(normal, fix_m, stays_s, stray) {
  const slow = [0, 1].map(() => makeWandering(normal, fix_m * Math.sqrt(1 - FIX_NEW * FIX_NEW), stays_s))
  const accuracy_m = fix_m * 1.5 * Math.exp(0.25 * normal())
  return ({ at_s, east_m, north_m }, told) => {
    const [east, north] = slow.map((next) => next(STEP_S) + FIX_NEW * fix_m * normal())
    const off_m = stray !== null && at_s >= stray[0] && at_s < stray[1] ? 200 : 0
    return told ? { east_m: east_m + east + off_m, north_m: north_m + north, accuracy_m } : null
  }
}

/** The course and speed that satellites tell from the shift of their waves, of whoever moves. */
function makeCourse(normal, speed_m_s) {
  const errors = [0, 1].map(() => makeWandering(normal, speed_m_s, SPEED_STAYS_S))
  return (before, moment) => {
    const [off_e, off_n] = errors.map((next) => next(STEP_S))
    const east = (moment.east_m - before.east_m) / STEP_S + off_e
    const north = (moment.north_m - before.north_m) / STEP_S + off_n
    return { course_deg: (Math.atan2(east, north) / DEG + 360) % 360, speed_m_s: Math.hypot(east, north) }
  }
}

function makeCompass(normal, compass_deg, off_deg) {
  const lasting = compass_deg * Math.sqrt(0.75) * normal()
  const wandering = makeWandering(normal, compass_deg / 2, COMPASS_WANDERS_S)
  return ({ heading }) =>
    heading / DEG - DECLINATION_DEG + (off_deg ?? lasting) + wandering(STEP_S) + COMPASS_TREMBLES_DEG * normal()
}

/** A frame that begins turned anyhow and turns on; yaw is the true heading minus the heading in it. */
function makeFrame(normal, uniform, yaw_deg, scale_share) {
  const scale = 1 + scale_share * normal()
  const begun = 2 * Math.PI * uniform()
  const walk = makeWalk(normal, yaw_deg * DEG)
  let [x, y] = [0, 0]
  return (before, moment) => {
    const yaw = begun + walk(STEP_S)
    const [east, north] = [moment.east_m - before.east_m, moment.north_m - before.north_m]
    x += scale * (east * Math.cos(yaw) - north * Math.sin(yaw))
    y += scale * (east * Math.sin(yaw) + north * Math.cos(yaw))
    return { east_m: x, north_m: y, heading: wrap(moment.heading - yaw), yaw }
  }
}

/** How the frame of a gyroscope turns away. */
function makeDrift(normal, uniform) {
  const drift = makeWandering(normal, (TURN_DRIFT_DEG_MIN * DEG) / 60, TURN_DRIFT_STAYS_S)
  let yaw = 2 * Math.PI * uniform()
  return () => {
    yaw += drift(STEP_S) * STEP_S
    return yaw
  }
}

/** Acceleration and heading as the motion sensors tell them many times in each moment; one bounce for each step. */
function makeMotion(normal) {
  const stride_m = STRIDE_M * (1 + STRIDE_VARIES * normal())
  let phase = 0
  return (before, moment, yaw) => {
    const way_m = Math.hypot(moment.east_m - before.east_m, moment.north_m - before.north_m)
    const turned = wrap(moment.heading - before.heading)
    return Array.from({ length: READINGS }, (_, i) => {
      phase += (2 * Math.PI * way_m) / READINGS / stride_m
      const share = (i + 1) / READINGS
      const bounce = way_m > 0 ? BOUNCE_M_S2 * (Math.sin(phase) + 0.3 * Math.sin(2 * phase + 1)) : 0
      return {
        at_s: moment.at_s - STEP_S * (1 - share),
        acceleration_m_s2: 9.81 + bounce + HAND_M_S2 * normal(),
        heading_deg: (before.heading + share * turned - yaw) / DEG + TURN_TREMBLES_DEG * normal()
      }
    })
  }
}
