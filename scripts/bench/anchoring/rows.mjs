/** The rows of the table: who places, with what action, and how wrong each was over all visits. */
import { asideOf, followLocar } from './locar.mjs'
import { DECLINATION_DEG, PLACES, sense } from './noise.mjs'
import { followPerfect, followTracked, followWindow, turnTo } from './ours.mjs'
import { makeScanner } from './signs.mjs'
import { makeVisit, wrap } from './visits.mjs'

const DEG = Math.PI / 180
const SIGHT_AT_S = [20, 26, 32]
const SCAN_AT_S = 32
const FROM_S = 33 // after the last of them
const NEAREST_M = 8
const FARTHEST_M = 60
const ours = { declination_deg: DECLINATION_DEG }

/** Each follows one visit as the phone told it; `marks` tells whether the points' survey matters to it. */
export const METHODS = {
  locar: { title: 'LocAR 0.1.9 as shipped', follow: (visit, sensed, { locar }) => followLocar(locar, visit, sensed) },
  locar_north: {
    title: 'LocAR, its compass turned to true north',
    follow: (visit, sensed, { locar }) => followLocar(locar, visit, sensed, { turned_deg: DECLINATION_DEG })
  },
  window: { title: 'magic window, no action', follow: (visit, sensed) => followWindow(visit, sensed, ours) },
  window_three: {
    title: 'magic window, three sightings',
    marks: true,
    follow: (visit, sensed) => followWindow(visit, sensed, { ...ours, at_s: SIGHT_AT_S })
  },
  window_sign: {
    title: 'magic window, a QR sign scanned at the start',
    marks: true,
    follow: (visit, sensed, { mark_m }) =>
      followWindow(visit, sensed, { ...ours, scan: makeScanner(visit, { scan_at_s: SCAN_AT_S, mark_m }) })
  },
  sign: {
    title: 'AR, a QR sign scanned before it',
    marks: true,
    follow: (visit, sensed, { mark_m }) =>
      followTracked(visit, sensed, { ...ours, scan: makeScanner(visit, { scan_at_s: SCAN_AT_S, carried: true, mark_m }) })
  },
  none: { title: 'AR, no action', follow: (visit, sensed) => followTracked(visit, sensed, ours) },
  none_course: {
    title: 'AR, no action, fixes that tell the course walked',
    senses: { course: true },
    follow: (visit, sensed) => followTracked(visit, sensed, ours)
  },
  window_course: {
    title: 'magic window, no action, fixes that tell the course walked',
    senses: { course: true },
    follow: (visit, sensed) => followWindow(visit, sensed, ours)
  },
  three: {
    title: 'AR, three sightings at the start',
    marks: true,
    follow: (visit, sensed) => followTracked(visit, sensed, { ...ours, at_s: SIGHT_AT_S })
  },
  asked: {
    title: 'AR, three at the start and one more when the page asks',
    marks: true,
    follow: (visit, sensed) => followTracked(visit, sensed, { ...ours, at_s: SIGHT_AT_S, asks: true })
  },
  perfect: { title: 'known exactly at 33 s, then tracking alone', follow: (visit, sensed) => followPerfect(visit, sensed, FROM_S) }
}

/** Errors of one visit: metres and degrees of every point in range at each second, the trembling, and how honest the doubt was. */
export function judge(method, seed, options, context) {
  const visit = makeVisit(seed)
  const sensed = sense(visit, { ...options, ...METHODS[method].senses })
  const { seen, asked } = METHODS[method].follow(visit, sensed, { ...context, mark_m: options.mark_m })
  const found = { metres: [], degrees: [], trembles_deg: [], honest: [0, 0], asked }
  visit.moments.forEach((moment, i) => {
    if (moment.at_s < FROM_S) return
    for (const mark of visit.marks) judgePoint(found, visit, seen, i, mark)
  })
  return found
}

function judgePoint(found, visit, seen, i, mark) {
  const moment = visit.moments[i]
  const [east, north] = [mark.east_m - moment.east_m, mark.north_m - moment.north_m]
  const away_m = Math.hypot(east, north)
  if (away_m < NEAREST_M || away_m > FARTHEST_M) return
  const truly = turnTo(east, north, moment.heading)
  const drawn = seen[i].see(mark)
  const off_deg = wrap((asideOf(drawn) - asideOf(truly)) * DEG) / DEG
  const before = visit.moments[i - 1]
  if (moment.still && before.still) {
    const was = turnTo(mark.east_m - before.east_m, mark.north_m - before.north_m, before.heading)
    const was_deg = wrap((asideOf(seen[i - 1].see(mark)) - asideOf(was)) * DEG) / DEG
    found.trembles_deg.push(Math.abs(wrap((off_deg - was_deg) * DEG) / DEG))
  }
  if (i % 5 > 0) return
  const metres = Math.hypot(drawn.right_m - truly.right_m, drawn.ahead_m - truly.ahead_m)
  found.metres.push(metres)
  found.degrees.push(Math.abs(off_deg))
  const doubt = seen[i].doubt?.(mark) ?? null
  if (doubt !== null) {
    found.honest[0] += metres <= 2 * doubt.metres ? 1 : 0
    found.honest[1] += 1
  }
}

/** One row over all visits. */
export function makeRow(method, place, options, visits, context) {
  const all = visits.map((seed) => judge(method, seed, { ...PLACES[place], ...options }, context))
  const gather = (key) => all.flatMap((found) => found[key]).sort((a, b) => a - b)
  const share = (sorted, part) => sorted[Math.floor(part * (sorted.length - 1))] ?? null
  const [metres, degrees, trembles] = ['metres', 'degrees', 'trembles_deg'].map(gather)
  const [inside, counted] = [0, 1].map((i) => all.reduce((sum, { honest }) => sum + honest[i], 0))
  return {
    method,
    title: METHODS[method].title,
    place,
    ...options,
    metres: [share(metres, 0.5), share(metres, 0.95)],
    degrees: [share(degrees, 0.5), share(degrees, 0.95)],
    trembles_deg: share(trembles, 0.5),
    within_twice_stated: counted === 0 ? null : inside / counted,
    asked: all.reduce((sum, found) => sum + found.asked, 0) / all.length
  }
}
