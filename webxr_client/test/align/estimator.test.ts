import { describe, expect, it } from 'vitest'
import {
  afterLoss,
  afterReset,
  canUndo,
  drawnDoubt,
  type Estimate,
  localFromSite,
  mayBeAt,
  placeOf,
  start,
  uncertaintyDeg,
  uncertaintyM,
  undo,
  withFix,
  withHeading,
  withNudge,
  withPose,
  withSighting,
  withTurn
} from '../../src/align/estimator'
import { DEG, FRAME, fixAt, headingOf, localOf, ORIGIN, placeAt, type Spot, type Truth } from './walks'

const TRUTH: Truth = { yaw_deg: 70, east_m: 12, north_m: -5 }
const HERE: Spot = { east_m: 20, north_m: 3 }
const MARKS: Spot[] = [
  { east_m: 45, north_m: 10 },
  { east_m: 5, north_m: 30 },
  { east_m: 12, north_m: -25 }
]

/** Metres and degrees by which the site is drawn wrong. */
function wrongBy(e: Estimate, truth: Truth = TRUTH): { metres: number; degrees: number } {
  const drawn = localFromSite(e)
  const right = localOf(truth, { east_m: 0, north_m: 0 }, 0)
  const turn = drawn.yaw_rad - truth.yaw_deg * DEG
  return {
    metres: Math.hypot(drawn.east_m - right.east_m, drawn.north_m - right.north_m),
    degrees: Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn))) / DEG
  }
}

function hear(e: Estimate, spot: Spot, at_s: number, compass_off_deg = 0): Estimate {
  const local = localOf(TRUTH, spot, at_s)
  const magnetic_deg = TRUTH.yaw_deg - FRAME.declination_deg + compass_off_deg
  return withHeading(withFix(e, fixAt(spot, at_s), local), magnetic_deg, 0, local)
}

function walk(e: Estimate, from: Spot, to: Spot, [begin_s, end_s]: [number, number], compass_off_deg = 0): Estimate {
  let walked = e
  for (let at_s = begin_s; at_s <= end_s; at_s++) {
    const share = (at_s - begin_s) / Math.max(1, end_s - begin_s)
    const spot = {
      east_m: from.east_m + share * (to.east_m - from.east_m),
      north_m: from.north_m + share * (to.north_m - from.north_m)
    }
    walked = hear(walked, spot, at_s, compass_off_deg)
  }
  return walked
}

function sight(e: Estimate, mark: Spot, at_s: number, off_deg = 0, accuracy_m = 0.1): Estimate {
  const heading_deg = headingOf(TRUTH, HERE, mark) + off_deg
  return withSighting(e, { ...placeAt(mark), accuracy_m }, heading_deg, localOf(TRUTH, HERE, at_s))
}

describe('the estimate', () => {
  it('knows nothing at first and says so', () => {
    const e = start(FRAME)
    expect(uncertaintyM(e)).toBeGreaterThan(500)
    expect(uncertaintyDeg(e)).toBeGreaterThan(80)
    expect(canUndo(e)).toBe(false)
  })

  it('finds place and yaw from satellites and compass, without believing a compass to the degree', () => {
    const e = walk(start(FRAME), HERE, HERE, [0, 20])
    expect(wrongBy(e).degrees).toBeLessThan(1)
    expect(uncertaintyDeg(e)).toBeGreaterThan(8)
    expect(Math.hypot(placeOf(e).east_m - HERE.east_m, placeOf(e).north_m - HERE.north_m)).toBeLessThan(0.5)
  })

  it('finds north by walking when there is no compass, whichever way the frame was turned', () => {
    for (let yaw_deg = -175; yaw_deg < 180; yaw_deg += 35) {
      const truth = { ...TRUTH, yaw_deg }
      let e = start(FRAME)
      for (let at_s = 0; at_s <= 40; at_s++) {
        const spot = { east_m: at_s, north_m: 3 }
        e = withFix(e, fixAt(spot, at_s), localOf(truth, spot, at_s))
      }
      expect(wrongBy(e, truth).degrees).toBeLessThan(3)
    }
  })

  it('finds north sooner when fixes tell the course walked, and does not believe the course of who stands', () => {
    const walked = (course: boolean): Estimate => {
      let e = start(FRAME)
      for (let at_s = 0; at_s <= 8; at_s++) {
        const spot = { east_m: HERE.east_m + 1.2 * at_s, north_m: HERE.north_m }
        const fix = fixAt(spot, at_s)
        e = withFix(e, course ? { ...fix, course_deg: 90, speed_m_s: 1.2 } : fix, localOf(TRUTH, spot, at_s))
      }
      return e
    }
    expect(uncertaintyDeg(walked(true))).toBeLessThan(0.75 * uncertaintyDeg(walked(false)))
    expect(wrongBy(walked(true)).degrees).toBeLessThan(3)
    const standing = walk(start(FRAME), HERE, HERE, [0, 5])
    const idle = { ...fixAt(HERE, 6), course_deg: 10, speed_m_s: 1.2 }
    expect(withFix(standing, idle, localOf(TRUTH, HERE, 6)).belief).toEqual(
      withFix(standing, fixAt(HERE, 6), localOf(TRUTH, HERE, 6)).belief
    )
  })

  it('is not held fast by a compass that is wrong by 40 degrees', () => {
    const standing = walk(start(FRAME), HERE, HERE, [0, 20], 40)
    expect(wrongBy(standing).degrees).toBeGreaterThan(30)
    const sighted = MARKS.reduce((e, mark, i) => sight(e, mark, 21 + i), standing)
    expect(wrongBy(sighted).degrees).toBeLessThan(1)
    const walked = walk(standing, HERE, { east_m: 20, north_m: 53 }, [21, 71], 40)
    expect(wrongBy(walked).degrees).toBeLessThan(8)
  })

  it('is decided by three sighted points, and by one or two of them turned at least', () => {
    const before = walk(start(FRAME), HERE, HERE, [0, 5], 15)
    const sighted = MARKS.reduce((e, mark, i) => sight(e, mark, 6 + i), before)
    expect(wrongBy(sighted).metres).toBeLessThan(0.4)
    expect(wrongBy(sighted).degrees).toBeLessThan(0.4)
    expect(uncertaintyM(sighted)).toBeLessThan(1)
    expect(drawnDoubt(sighted, ORIGIN).degrees).toBeLessThan(3)
    const [first] = MARKS
    if (first === undefined) throw new Error('no marks')
    expect(uncertaintyDeg(sight(before, first, 6))).toBeLessThan(uncertaintyDeg(before))
  })

  it('lets a point that is known to 15 m change little', () => {
    const before = walk(start(FRAME), HERE, HERE, [0, 20])
    const vague = MARKS.reduce((e, mark, i) => sight(e, mark, 21 + i, 25, 15), before)
    expect(wrongBy(vague).degrees).toBeLessThan(12)
  })

  it('finds the place by three sighted points alone, without satellites and compass', () => {
    const near = placeAt({ east_m: -5, north_m: 20 })
    const e = MARKS.reduce((known, mark, i) => sight(known, mark, i), start(FRAME, near))
    expect(wrongBy(e).degrees).toBeLessThan(1)
    expect(Math.hypot(placeOf(e).east_m - HERE.east_m, placeOf(e).north_m - HERE.north_m)).toBeLessThan(0.5)
  })

  it('does not follow a fix that is 200 m off, nor one that jumps between two buildings, once it knows the place', () => {
    const known = MARKS.reduce((e, mark, i) => sight(e, mark, 21 + i), walk(start(FRAME), HERE, HERE, [0, 20]))
    let e = known
    for (let at_s = 30; at_s < 60; at_s++) {
      const off_m = at_s % 6 < 3 ? 200 : -60
      e = withFix(e, fixAt({ east_m: HERE.east_m + off_m, north_m: HERE.north_m }, at_s), localOf(TRUTH, HERE, at_s))
    }
    expect(wrongBy(e).metres).toBeLessThan(1)
  })

  it('comes back when the very first fixes were 200 m off', () => {
    const far = { east_m: HERE.east_m + 200, north_m: HERE.north_m }
    let e = start(FRAME)
    for (let at_s = 0; at_s < 5; at_s++) e = withFix(e, fixAt(far, at_s), localOf(TRUTH, HERE, at_s))
    e = walk(e, HERE, HERE, [5, 30])
    expect(Math.hypot(placeOf(e).east_m - HERE.east_m, placeOf(e).north_m - HERE.north_m)).toBeLessThan(8)
  })

  it('does not follow fixes that are 200 m off for half a minute after as long of good ones, though nothing was sighted', () => {
    const known = walk(start(FRAME), HERE, HERE, [0, 40])
    let e = known
    for (let at_s = 41; at_s < 71; at_s++) {
      e = withFix(e, fixAt({ east_m: HERE.east_m + 200, north_m: HERE.north_m }, at_s), localOf(TRUTH, HERE, at_s))
    }
    expect(wrongBy(e).metres).toBeLessThan(3)
  })

  it('leaves stale, repeated and impossible fixes alone', () => {
    const e = walk(start(FRAME), HERE, HERE, [0, 20])
    const local = localOf(TRUTH, HERE, 20)
    const off = { east_m: HERE.east_m + 10, north_m: HERE.north_m }
    const place = placeOf(e)
    for (const fix of [
      fixAt(off, 20),
      fixAt(off, 5),
      { ...fixAt(off, 21), accuracy_m: 0 },
      { ...fixAt(off, 21), accuracy_m: 900 }
    ]) {
      expect(placeOf(withFix(e, fix, local))).toEqual(place)
    }
    expect(placeOf(withFix(e, fixAt(off, 30), localOf(TRUTH, HERE, 60)))).toEqual(place)
  })
})

describe("the visitor's hand", () => {
  const before = walk(start(FRAME), HERE, HERE, [0, 20])

  it('moves what is drawn by just so much, and it stays', () => {
    const e = withNudge(before, 2, -1)
    const moved = localFromSite(e)
    const drawn = localFromSite(before)
    const [sin, cos] = [Math.sin(drawn.yaw_rad), Math.cos(drawn.yaw_rad)]
    expect(moved.east_m - drawn.east_m).toBeCloseTo(2 * cos + sin, 3)
    expect(moved.north_m - drawn.north_m).toBeCloseTo(2 * sin - cos, 3)
    expect(moved.yaw_rad).toBeCloseTo(drawn.yaw_rad, 6)
    expect(uncertaintyM(e)).toBeLessThan(uncertaintyM(before))
    const later = localFromSite(walk(e, HERE, HERE, [21, 40]))
    expect(Math.hypot(later.east_m - moved.east_m, later.north_m - moved.north_m)).toBeLessThan(0.7)
  })

  it('turns what is drawn around the visitor', () => {
    const e = withTurn(before, 10)
    const local = localOf(TRUTH, HERE, 20)
    expect(placeOf(e).east_m).toBeCloseTo(placeOf(before).east_m, 6)
    expect((localFromSite(before).yaw_rad - localFromSite(e).yaw_rad) / DEG).toBeCloseTo(10, 3)
    const headingTo = (estimate: Estimate): number => {
      const { east_m, north_m } = localFromSite(estimate)
      return Math.atan2(east_m - local.east_m, north_m - local.north_m) / DEG
    }
    const turned = ((headingTo(e) - headingTo(before) + 540) % 360) - 180
    expect(turned).toBeCloseTo(10, 1)
  })

  it('is undone without losing what came in since, again and again', () => {
    const wrong = sight(before, MARKS[0] ?? HERE, 21, 30)
    const later = walk(wrong, HERE, HERE, [22, 30])
    expect(canUndo(later)).toBe(true)
    const undone = undo(later)
    expect(localFromSite(undone)).toEqual(localFromSite(walk(before, HERE, HERE, [22, 30])))
    expect(canUndo(undone)).toBe(false)
    const twice = withTurn(withNudge(before, 1, 0), 5)
    expect(localFromSite(undo(undo(twice)))).toEqual(localFromSite(before))
  })
})

describe('a sign, a loss and a reset', () => {
  it('a sign at a surveyed spot decides everything at once', () => {
    const e = withPose(
      walk(start(FRAME), HERE, HERE, [0, 5], 25),
      { ...placeAt(HERE), yaw_deg: TRUTH.yaw_deg, accuracy_m: 0.2, accuracy_deg: 1 },
      localOf(TRUTH, HERE, 6)
    )
    expect(wrongBy(e).degrees).toBeLessThan(1)
    expect(uncertaintyM(e)).toBeLessThan(0.5)
  })

  it('a sign that is only stood at decides the place, says nothing of the direction, and can be undone', () => {
    const before = walk(start(FRAME), HERE, HERE, [0, 5], 25)
    const pose = { ...placeAt(HERE), yaw_deg: null, accuracy_m: 0.7, accuracy_deg: 180 }
    const e = withPose(before, pose, localOf(TRUTH, HERE, 6))
    expect(uncertaintyM(e)).toBeLessThan(1.1)
    const [a, b] = [e, before].map((one) => localFromSite(one).yaw_rad / DEG)
    expect(Math.abs((a ?? 0) - (b ?? 0))).toBeLessThan(2)
    expect(uncertaintyDeg(e)).toBeGreaterThan(0.8 * uncertaintyDeg(before))
    expect(localFromSite(undo(e))).toEqual(localFromSite(before))
  })

  it('somebody may be at a sign a few houses on, but not in another town', () => {
    const e = walk(start(FRAME), HERE, HERE, [0, 20])
    expect(mayBeAt(e, placeAt({ east_m: HERE.east_m + 90, north_m: HERE.north_m }))).toBe(true)
    expect(mayBeAt(e, placeAt({ east_m: HERE.east_m + 400, north_m: HERE.north_m }))).toBe(false)
  })

  it('a reset keeps the place, what the compass is off by, and asks for the yaw again', () => {
    const off_deg = 25
    const known = MARKS.reduce((e, mark, i) => sight(e, mark, 21 + i), walk(start(FRAME), HERE, HERE, [0, 20], off_deg))
    const lost = afterReset(walk(known, HERE, HERE, [24, 30], off_deg))
    expect(uncertaintyDeg(lost)).toBeGreaterThan(80)
    expect(uncertaintyM(lost)).toBeLessThan(5)
    const turned: Truth = { yaw_deg: -140, east_m: 3, north_m: 1 }
    const local = localOf(turned, HERE, 31)
    const heard = withHeading(lost, turned.yaw_deg - FRAME.declination_deg + off_deg, 0, local)
    expect(wrongBy(heard, turned).degrees).toBeLessThan(5)
  })

  it('a loss of tracking makes the place doubtful with the time', () => {
    const known = MARKS.reduce((e, mark, i) => sight(e, mark, 21 + i), walk(start(FRAME), HERE, HERE, [0, 20]))
    expect(uncertaintyM(afterLoss(known, 10))).toBeGreaterThan(5)
    expect(uncertaintyM(afterLoss(known, 1))).toBeLessThan(2)
    expect(localFromSite(afterLoss(known, 10)).yaw_rad).toBeCloseTo(localFromSite(known).yaw_rad, 6)
  })
})
