/**
 * Where the site lies in the frame that the phone tracks, from satellites, compass, sighted points and the visitor's hand.
 * Pure: every function gives a new estimate. Headings are clockwise; what is told of a place is in metres of the site's
 * tangent plane. Nothing here leaves the phone.
 */
import { type GeoPoint, geodeticToEnu } from '../geo/enu'
import {
  type Belief,
  begin,
  EAST,
  FIX_EAST,
  FIX_NORTH,
  type Guess,
  join,
  NORTH,
  observe,
  type Row,
  SIZE,
  tidy,
  wrap,
  YAW
} from './belief'
import { at } from './matrix'
import { COMPASS_SIGMA, doubt, type Local, move, type Odometry, TRACKED } from './motion'
import { enOf, uncertaintyM } from './reading'
import { courseRows, fixRows, headingRows, type Mark, poseRows, type Sighting, sightingRows } from './rows'

export type { Local, Odometry } from './motion'
export { drawnDoubt, localFromSite, mayBeAt, placeOf, uncertaintyDeg, uncertaintyM, wantsSighting } from './reading'

const DEG = Math.PI / 180
const AXIS_SHARE = 1 / 1.5 // a fix's accuracy is the radius of 68 %, which is 1.5 deviations of one axis
const LEAST_FIX_M = 2
const VAGUE_FIX_M = 150 // only better than nothing
const STALE_MS = 5000
const HEADING_EVERY_MS = 400
const GROUP_MS = 120_000 // sightings of so long are weighed together, however wrong the first ones found the visitor
const STRAY_SQUARED = 25 // squared deviations from which a fix is not believed
const ODD_SQUARED = 9
const STRAYS = 8 // so many that agree are believed, or as many as were believed before
const STRAYS_MOST = 60
const SLOWEST_M_S = 0.6 // slower, the course told is anybody's guess
const COURSE_GAP_S = 3
const STRAYS_WHEN_SURE = 45
const SURE_M = 2
const HERE_M = 60 // whoever opens a scene without a position is about so near its landmark

/** The site's frame: where its origin is and by how much a compass points beside true north there (east positive). */
export interface Frame {
  origin: GeoPoint
  declination_deg: number
}

/** A fix of the satellites at its own moment, on the clock of the tracked places. */
export interface TimedFix {
  lat: number
  lon: number
  accuracy_m: number
  at_ms: number
  /** The course walked, clockwise from true north, and the speed, where satellites tell them. */
  course_deg?: number
  speed_m_s?: number
}

/** A surveyed point that can be sighted. */
export interface SurveyPoint {
  lat: number
  lon: number
  accuracy_m: number
}

/**
 * The phone's place and yaw as a sign at a surveyed spot gives them: true minus tracked heading, null where only the place
 * is known. The accuracies are deviations, of a place along one axis.
 */
export interface SignPose {
  lat: number
  lon: number
  yaw_deg: number | null
  accuracy_m: number
  accuracy_deg: number
}

/** Fixes that were not believed, one after another. */
interface Strays {
  count: number
  east_m: number
  north_m: number
}

export interface Estimate {
  readonly frame: Frame
  readonly odometry: Odometry
  readonly belief: Belief
  /** The belief without the sightings of the last while, from which they are weighed anew together. */
  readonly plain: Belief
  readonly sightings: readonly Sighting[]
  readonly local: Local | null
  /** Deviation of the last fix along one axis. */
  readonly fix_m: number
  readonly fixed_at_ms: number | null
  /** Where the visitor was tracked at the last fix. */
  readonly fixed_from: Local | null
  readonly headed_at_ms: number | null
  readonly strays: Strays
  /** How many fixes have agreed with the belief. */
  readonly believed: number
  /** What the visitor has done, the last first, and what came in since. */
  readonly past: Past | null
}

type Observation = (estimate: Estimate) => Estimate

interface Past {
  before: Estimate
  since: readonly Observation[]
}

const REMEMBERED = 3000

/** Nothing is known yet, save that the visitor is near a place. */
export function start(frame: Frame, near: GeoPoint | null = null, odometry: Odometry = TRACKED): Estimate {
  const [east_m, north_m] = near === null ? [0, 0] : geodeticToEnu({ ...near, h: frame.origin.h }, frame.origin)
  const sigma_m = near === null ? 10 * HERE_M : HERE_M
  const fix_m = 5
  const belief = begin({ east_m, north_m, sigma_m, fix_m, compass_rad: COMPASS_SIGMA, ...odometry })
  return {
    frame,
    odometry,
    belief,
    plain: belief,
    sightings: [],
    local: null,
    fix_m,
    fixed_at_ms: null,
    fixed_from: null,
    headed_at_ms: null,
    strays: { count: 0, east_m: 0, north_m: 0 },
    believed: 0,
    past: null
  }
}

/** The visitor is tracked at a place. */
export function withLocal(estimate: Estimate, local: Local): Estimate {
  return remember(estimate, (e) => track(e, local))
}

/** A fix of the satellites; stale, repeated and impossible ones change nothing, and one that strays has to insist. */
export function withFix(estimate: Estimate, fix: TimedFix, local: Local): Estimate {
  return remember(estimate, (e) => hearFix(track(e, local), fix))
}

/** The compass named this magnetic heading while the same direction had this heading in the tracked frame. */
export function withHeading(estimate: Estimate, magnetic_deg: number, local_deg: number, local: Local): Estimate {
  return remember(estimate, (e) => hearHeading(track(e, local), (magnetic_deg - local_deg) * DEG))
}

/** The visitor holds the ring on a point, in this direction of the tracked frame. */
export function withSighting(estimate: Estimate, point: SurveyPoint, heading_deg: number, local: Local): Estimate {
  return act(estimate, (e) => {
    const tracked = commitOld(track(e, local))
    const sighting = { mark: markOf(e.frame, point), heading_rad: heading_deg * DEG, from: local }
    const sightings = [...tracked.sightings, sighting]
    const rows = sightingRows(sightings, local, e.odometry.yaw_rad_per_root_s)
    return { ...tracked, sightings, belief: tidy(tracked.plain.map((guess) => observe(guess, rows, false))) }
  })
}

/** A sign at a surveyed spot was seen. */
export function withPose(estimate: Estimate, pose: SignPose, local: Local): Estimate {
  return act(estimate, (e) => {
    const [east_m, north_m] = enOf(e.frame, pose)
    const yaw_rad = pose.yaw_deg === null ? null : pose.yaw_deg * DEG
    const rows = poseRows({ east_m, north_m, yaw_rad }, pose.accuracy_m, pose.accuracy_deg * DEG)
    return commit(observeBoth(track(e, local), rows))
  })
}

/** The visitor moved what is shown by so much; it stays so. */
export function withNudge(estimate: Estimate, east_m: number, north_m: number): Estimate {
  return act(estimate, (e) => byHand(e, { east_m, north_m, turn_rad: 0 }))
}

/** The visitor turned what is shown around them, clockwise as seen from above. */
export function withTurn(estimate: Estimate, clockwise_deg: number): Estimate {
  return act(estimate, (e) => byHand(e, { east_m: 0, north_m: 0, turn_rad: clockwise_deg * DEG }))
}

/** The tracked frame began anew somewhere else: the place is still about known, how the frame is turned is not. */
export function afterReset(estimate: Estimate): Estimate {
  const { mean, cov } = join(estimate.belief)
  const fresh = begin({ east_m: 0, north_m: 0, sigma_m: 1, fix_m: 1, compass_rad: 1, scale: 1, aside_rad: 1 })
  const loose = forget(cov, YAW)
  const belief = fresh.map((guess) => ({
    ...guess,
    mean: mean.map((value, i) => (i === YAW ? (guess.mean[i] ?? 0) : value)),
    cov: loose.map((value, i) => (i === YAW * SIZE + YAW ? (guess.cov[i] ?? 0) : value))
  }))
  const wide = doubt(belief, { place: 4 })
  return { ...estimate, belief: wide, plain: wide, sightings: [], local: null, fixed_from: null, past: null }
}

/** Tracking came back after so many seconds in which the visitor may have gone on. */
export function afterLoss(estimate: Estimate, lost_s: number): Estimate {
  const more = { place: (0.7 * lost_s) ** 2, yaw: (3 * DEG) ** 2 }
  const [belief, plain] = [doubt(estimate.belief, more), doubt(estimate.plain, more)]
  return commit({ ...estimate, belief, plain, local: null, fixed_from: null, past: null })
}

/** As if the visitor had not done the last thing; what came in since still counts. The same when there is none. */
export function undo(estimate: Estimate): Estimate {
  const { past } = estimate
  return past === null ? estimate : past.since.reduce((e, observation) => observation(e), past.before)
}

export function canUndo({ past }: Estimate): boolean {
  return past !== null
}

/** A new observation, kept until the last thing done can no longer be undone. */
function remember(estimate: Estimate, observation: Observation): Estimate {
  const seen = observation(estimate)
  const { past } = estimate
  if (past === null || seen === estimate) return seen
  const since = [...past.since, (e: Estimate) => remember(e, observation)]
  return { ...seen, past: since.length > REMEMBERED ? null : { before: past.before, since } }
}

function act(estimate: Estimate, deed: Observation): Estimate {
  return { ...deed(estimate), past: { before: estimate, since: [] } }
}

function track(e: Estimate, local: Local): Estimate {
  if (e.local === null) return { ...e, local }
  const passed_s = Math.max(0, (local.at_ms - e.local.at_ms) / 1000)
  const way = { ...local, east_m: local.east_m - e.local.east_m, north_m: local.north_m - e.local.north_m }
  const moved = (belief: Belief): Belief => move(belief, way, passed_s, e.odometry, e.fix_m)
  return both({ ...e, local }, moved)
}

/** Do the same to the belief with and without the sightings. */
function both(e: Estimate, change: (belief: Belief) => Belief): Estimate {
  const plain = change(e.plain)
  return { ...e, plain, belief: e.sightings.length === 0 && e.belief === e.plain ? plain : change(e.belief) }
}

/** The same rows whatever the state: all but bearings, which are weighed by `observe` alone. */
function observeBoth(e: Estimate, rows: (state: readonly number[]) => readonly Row[]): Estimate {
  return both(e, (belief) => tidy(belief.map((guess) => observe(guess, rows, true))))
}

/** The sightings so far are settled. */
function commit(e: Estimate): Estimate {
  return { ...e, plain: e.belief, sightings: [] }
}

function commitOld(e: Estimate): Estimate {
  const first = e.sightings[0]
  const old = first !== undefined && e.local !== null && e.local.at_ms - first.from.at_ms > GROUP_MS
  return old ? commit(e) : e
}

function markOf(frame: Frame, point: SurveyPoint): Mark {
  const [east_m, north_m] = enOf(frame, point)
  return { east_m, north_m, accuracy_m: point.accuracy_m }
}

function hearFix(e: Estimate, fix: TimedFix): Estimate {
  const first = e.fixed_at_ms === null
  const age_ms = (e.local?.at_ms ?? fix.at_ms) - fix.at_ms
  if (!(fix.accuracy_m > 0) || age_ms > STALE_MS || (!first && fix.at_ms <= (e.fixed_at_ms ?? 0))) return e
  if (fix.accuracy_m > VAGUE_FIX_M && !first) return e
  const [east_m, north_m] = enOf(e.frame, fix)
  const fix_m = Math.max(LEAST_FIX_M, fix.accuracy_m * AXIS_SHARE)
  const heard = hearCourse({ ...e, fix_m, fixed_at_ms: fix.at_ms, fixed_from: e.local }, fix, e.fixed_from)
  if (first) {
    const more = { fix: Math.max(0, fix_m * fix_m - 25) }
    return observeBoth(
      both(heard, (belief) => doubt(belief, more)),
      fixRows(east_m, north_m, fix_m)
    )
  }
  const odd = oddness(join(heard.belief), east_m, north_m, fix_m)
  if (odd > STRAY_SQUARED) return strayed(heard, east_m, north_m)
  const wider_m = fix_m * Math.max(1, Math.sqrt(odd / ODD_SQUARED))
  const calm = { ...heard, strays: { ...e.strays, count: 0 }, believed: e.believed + 1 }
  return observeBoth(calm, fixRows(east_m, north_m, wider_m))
}

/** The course told with a fix against the way tracked since the last one: north by itself, for whoever walks. */
function hearCourse(e: Estimate, { course_deg, speed_m_s = 0 }: TimedFix, from: Local | null): Estimate {
  if (course_deg === undefined || !Number.isFinite(course_deg) || e.local === null || from === null) return e
  const [x, y] = [e.local.east_m - from.east_m, e.local.north_m - from.north_m]
  const passed_s = (e.local.at_ms - from.at_ms) / 1000
  const slow = speed_m_s < SLOWEST_M_S || Math.hypot(x, y) < SLOWEST_M_S * passed_s
  if (slow || passed_s <= 0 || passed_s > COURSE_GAP_S) return e
  return observeBoth(e, courseRows(wrap(course_deg * DEG - Math.atan2(x, y)), speed_m_s))
}

/** How far a fix is from what was expected, in squared deviations. */
function oddness({ mean, cov }: Guess, east_m: number, north_m: number, fix_m: number): number {
  const variance = (i: number, k: number): number =>
    at(cov, SIZE, i, i) + at(cov, SIZE, k, k) + 2 * at(cov, SIZE, i, k) + (fix_m * 0.5) ** 2
  const off_e = east_m - (mean[EAST] ?? 0) - (mean[FIX_EAST] ?? 0)
  const off_n = north_m - (mean[NORTH] ?? 0) - (mean[FIX_NORTH] ?? 0)
  return off_e ** 2 / variance(EAST, FIX_EAST) + off_n ** 2 / variance(NORTH, FIX_NORTH)
}

/** One that strays is let go; when many agree, what was believed before was wrong: the place, unless it was sighted. */
function strayed(e: Estimate, east_m: number, north_m: number): Estimate {
  const { mean } = join(e.belief)
  const [off_e, off_n] = [east_m - (mean[EAST] ?? 0), north_m - (mean[NORTH] ?? 0)]
  const apart_m = Math.hypot(off_e - e.strays.east_m, off_n - e.strays.north_m)
  const agrees = e.strays.count > 0 && apart_m < 5 * e.fix_m
  const count = agrees ? e.strays.count + 1 : 1
  const needed = Math.min(STRAYS_MOST, Math.max(e.believed, uncertaintyM(e) < SURE_M ? STRAYS_WHEN_SURE : STRAYS))
  if (count < needed) return { ...e, strays: { count, east_m: off_e, north_m: off_n } }
  const wide = both(e, (belief) => doubt(belief, { place: off_e ** 2 + off_n ** 2 }))
  const settled = commit({ ...wide, strays: { count: 0, east_m: 0, north_m: 0 }, believed: count })
  return observeBoth(settled, fixRows(east_m, north_m, e.fix_m))
}

function hearHeading(e: Estimate, magnetic_turn_rad: number): Estimate {
  const now_ms = e.local?.at_ms ?? 0
  if (e.headed_at_ms !== null && now_ms - e.headed_at_ms < HEADING_EVERY_MS) return e
  const rows = headingRows(wrap(magnetic_turn_rad + e.frame.declination_deg * DEG))
  return observeBoth({ ...e, headed_at_ms: now_ms }, rows)
}

/** What the visitor set by hand is as it should be: what is drawn moves there and becomes surer. */
function byHand(e: Estimate, by: { east_m: number; north_m: number; turn_rad: number }): Estimate {
  const drawn = join(e.belief)
  const mean = [...drawn.mean]
  mean[EAST] = (mean[EAST] ?? 0) - by.east_m
  mean[NORTH] = (mean[NORTH] ?? 0) - by.north_m
  mean[YAW] = wrap((mean[YAW] ?? 0) - by.turn_rad)
  const turned = by.turn_rad !== 0
  const pose = { east_m: mean[EAST], north_m: mean[NORTH], yaw_rad: mean[YAW] }
  const rows = poseRows(pose, turned ? 1e3 : 1, turned ? 2 * DEG : 1e3)
  return commit({ ...e, belief: [observe({ ...drawn, logShare: 0, mean }, rows, true)] })
}

/** A covariance without anything known of one unknown. */
function forget(cov: readonly number[], unknown: number): number[] {
  return cov.map((value, i) => (i % SIZE === unknown || Math.floor(i / SIZE) === unknown ? 0 : value))
}
