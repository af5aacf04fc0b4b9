/** The visitor's own estimator, as shipped, on what a phone told. */
import { registerHooks } from 'node:module'
import { wrap } from './visits.mjs'

// the client's sources import each other without endings
registerHooks({
  resolve(specifier, context, next) {
    const own = specifier.startsWith('.') && !/\.\w+$/.test(specifier)
    return next(own ? `${specifier}.ts` : specifier, context)
  }
})
const SOURCE = new URL('../../../webxr_client/src/', import.meta.url)
export const load = (name) => import(new URL(name, SOURCE))
export const estimator = await load('align/estimator.ts')
const { bestFirst } = await load('align/choose.ts')
const { settle } = await load('align/settle.ts')
const { standStill, startInSteps, stride } = await load('align/window.ts')
const { steady } = await load('window/steady.ts')
const { aheadDeg } = await load('window/attitude.ts')
const { geodeticToEnu } = await load('geo/enu.ts')
const { drawnDoubt, start, uncertaintyM, wantsSighting, withFix, withHeading, withSighting } = estimator

export const ORIGIN = { lat: 32.74352, lon: 129.87316, h: 34.5 }
const DEG = Math.PI / 180
const ASK_EVERY_S = 10
const AGAIN_S = 60

/** The place so far from the origin, by Newton's steps through the client's own projection. */
export function placeAt({ east_m, north_m }) {
  let place = { ...ORIGIN }
  for (let round = 0; round < 4; round++) {
    const [east, north] = geodeticToEnu({ ...place, h: ORIGIN.h }, ORIGIN)
    place = { ...place, lat: place.lat + (north_m - north) / 110_900, lon: place.lon + (east_m - east) / 93_720 }
  }
  return place
}

/** A place relative to a phone that is at `at` and looks towards `heading` in the frame in which the site is `drawn`. */
export function seeDrawn({ yaw_rad, east_m, north_m }, at, heading, mark) {
  const [sin, cos] = [Math.sin(yaw_rad), Math.cos(yaw_rad)]
  const x = east_m + mark.east_m * cos - mark.north_m * sin - at.east_m
  const y = north_m + mark.east_m * sin + mark.north_m * cos - at.north_m
  return turnTo(x, y, heading)
}

export function turnTo(x, y, heading) {
  const [sin, cos] = [Math.sin(heading), Math.cos(heading)]
  return { right_m: x * cos - y * sin, ahead_m: x * sin + y * cos }
}

/** Sightings as the page proposes them: the point that helps most of those near, not one sighted a short while ago. */
function makeSighter(visit, sensed, { at_s = [], asks = false }) {
  const waiting = [...at_s]
  const last = new Map()
  let latest_s = 0
  let asked = 0
  const isDue = (moment, estimate) => {
    if (waiting.length > 0) return moment.at_s >= waiting[0] && waiting.shift() > 0
    const idle = !asks || moment.walking || moment.at_s - latest_s < ASK_EVERY_S
    if (idle || !wantsSighting(estimate, placeAt(visit.marks[0]))) return false
    asked += 1
    return true
  }
  return {
    asked: () => asked,
    sight(moment, estimate, yaw, local) {
      if (!isDue(moment, estimate)) return estimate
      const points = sensed.marks
        .map((mark, i) => ({ ...placeAt(mark), accuracy_m: mark.accuracy_m, i }))
        .filter(({ i }) => moment.at_s - (last.get(i) ?? -AGAIN_S) >= AGAIN_S)
      const point = bestFirst(estimate, points, placeAt(visit.marks[0]))[0]?.point
      if (point === undefined) return estimate
      last.set(point.i, moment.at_s)
      latest_s = moment.at_s
      const truly = visit.marks[point.i]
      const bearing = Math.atan2(truly.east_m - moment.east_m, truly.north_m - moment.north_m)
      return withSighting(estimate, point, (bearing - yaw) / DEG + sensed.pointing(), local)
    }
  }
}

function hear(estimate, { fix, magnetic_deg }, heading_deg, local) {
  if (fix === null) return estimate
  const fixed = withFix(estimate, { ...fix, ...placeAt(fix), at_ms: local.at_ms }, local)
  return withHeading(fixed, magnetic_deg, heading_deg, local)
}

/** In AR, where the phone tracks its surroundings: what is seen at each moment, and what doubt was stated. */
export function followTracked(visit, sensed, { declination_deg, scan = null, ...sights }) {
  const sighter = makeSighter(visit, sensed, sights)
  let estimate = start({ origin: ORIGIN, declination_deg })
  let drawn = null
  const seen = sensed.told.map((moment) => {
    const { east_m, north_m, heading, yaw } = moment.local
    const local = { east_m, north_m, at_ms: moment.at_s * 1000 }
    estimate = hear(estimate, moment, heading / DEG, local)
    estimate = sighter.sight(moment, estimate, yaw, local)
    estimate = scan?.(moment, estimate, yaw, local) ?? estimate
    drawn = settle(drawn, estimate)
    const [site, now] = [drawn, estimate]
    return { see: (mark) => seeDrawn(site, local, heading, mark), doubt: (mark) => drawnDoubt(now, placeAt(mark)) }
  })
  return { seen, asked: sighter.asked(), stated_m: uncertaintyM(estimate) }
}

/** Through the magic window: steps and turns instead of tracking. */
export function followWindow(visit, sensed, { declination_deg, scan = null, ...sights }) {
  const sighter = makeSighter(visit, sensed, sights)
  let estimate = startInSteps({ origin: ORIGIN, declination_deg })
  let walked = standStill(0)
  let [drawn, held] = [null, null]
  const seen = sensed.told.map((moment) => {
    for (const { at_s, acceleration_m_s2, heading_deg } of moment.readings) {
      const half = (-heading_deg * DEG) / 2
      held = steady(held, [0, Math.sin(half), 0, Math.cos(half)], at_s * 1000)
      walked = stride(walked, acceleration_m_s2, aheadDeg(held.turn), at_s * 1000)
    }
    const heading = aheadDeg(held.turn) * DEG
    const local = { ...walked.local, at_ms: moment.at_s * 1000 }
    estimate = hear(estimate, moment, heading / DEG, local)
    estimate = sighter.sight(moment, estimate, moment.turned_yaw, local)
    estimate = scan?.(moment, estimate, moment.turned_yaw, local) ?? estimate
    drawn = settle(drawn, estimate)
    const [site, now] = [drawn, estimate]
    return { see: (mark) => seeDrawn(site, local, heading, mark), doubt: (mark) => drawnDoubt(now, placeAt(mark)) }
  })
  return { seen, asked: sighter.asked() }
}

/** As if the frame had been known exactly at a moment and tracking alone had gone on from there: what no sighting can beat. */
export function followPerfect(visit, sensed, from_s) {
  const known = sensed.told.find(({ at_s }) => at_s >= from_s)
  const { yaw } = known.local
  const [sin, cos] = [Math.sin(yaw), Math.cos(yaw)]
  const drawn = {
    yaw_rad: wrap(yaw),
    east_m: known.local.east_m - known.east_m * cos + known.north_m * sin,
    north_m: known.local.north_m - known.east_m * sin - known.north_m * cos
  }
  return { seen: sensed.told.map(({ local }) => ({ see: (mark) => seeDrawn(drawn, local, local.heading, mark), doubt: null })), asked: 0 }
}
