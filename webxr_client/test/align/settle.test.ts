import { describe, expect, it } from 'vitest'
import { bestFirst } from '../../src/align/choose'
import {
  drawnDoubt,
  type Estimate,
  localFromSite,
  start,
  undo,
  withFix,
  withHeading,
  withSighting,
  withTurn
} from '../../src/align/estimator'
import { settle } from '../../src/align/settle'
import { FRAME, fixAt, headingOf, localOf, placeAt, type Spot, type Truth } from './walks'

const TRUTH: Truth = { yaw_deg: -40, east_m: 3, north_m: 8 }
const HERE: Spot = { east_m: 10, north_m: -4 }
const SHOWN = placeAt({ east_m: 10, north_m: 26 })

function hear(e: Estimate, spot: Spot, at_s: number, off_m = 0): Estimate {
  const local = localOf(TRUTH, spot, at_s)
  const fix = fixAt({ ...spot, east_m: spot.east_m + off_m }, at_s)
  return withHeading(withFix(e, fix, local), TRUTH.yaw_deg - FRAME.declination_deg, 0, local)
}

function stand(seconds: number): Estimate {
  let e = start(FRAME)
  for (let at_s = 0; at_s < seconds; at_s++) e = hear(e, HERE, at_s)
  return e
}

describe('what is drawn', () => {
  const known = stand(20)
  const drawn = settle(null, known)

  it('rests while the visitor stands, though the estimate moves a little with every fix', () => {
    let e = known
    for (let at_s = 20; at_s < 30; at_s++) {
      e = hear(e, HERE, at_s, at_s % 2 === 0 ? 3 : -3)
      expect(settle(drawn, e)).toBe(drawn)
    }
    expect(localFromSite(e)).not.toEqual(localFromSite(known))
  })

  it('follows once the visitor walks, and at once when they act or undo', () => {
    const walked = hear(known, { ...HERE, east_m: HERE.east_m + 1 }, 20)
    expect(settle(drawn, walked)).not.toBe(drawn)
    const turned = withTurn(known, 5)
    const followed = settle(drawn, turned)
    expect(followed.yaw_rad).toBeCloseTo(localFromSite(turned).yaw_rad, 9)
    expect(settle(followed, undo(turned)).yaw_rad).toBeCloseTo(drawn.yaw_rad, 9)
  })

  it('does not rest on what is plainly wrong', () => {
    let e = known
    for (let at_s = 20; at_s < 60; at_s++) e = hear(e, HERE, at_s, 60)
    expect(settle(drawn, e)).not.toBe(drawn)
  })
})

describe('the points that are proposed', () => {
  it('come with the most helpful first: near, well surveyed, and to another side than one sighted before', () => {
    const before = stand(20)
    const spots: Spot[] = [
      { east_m: 10, north_m: 21 },
      { east_m: 10, north_m: 96 },
      { east_m: 35, north_m: -4 }
    ]
    const points = spots.map((spot) => ({ ...placeAt(spot), accuracy_m: 0.1, spot }))
    const far = bestFirst(before, points, SHOWN).find(({ point }) => point.spot === spots[1])
    expect(far?.away_m).toBeCloseTo(100, 0)
    const [first] = bestFirst(before, points, SHOWN)
    if (first === undefined) throw new Error('nothing is proposed')
    const heading_deg = headingOf(TRUTH, HERE, first.point.spot)
    const sighted = withSighting(before, first.point, heading_deg, localOf(TRUTH, HERE, 20))
    expect(bestFirst(sighted, points, SHOWN)[0]?.point).not.toBe(first.point)
    const vague = points.map((point) => ({ ...point, accuracy_m: point === first.point ? 15 : 0.1 }))
    expect(bestFirst(before, vague, SHOWN)[0]?.point.spot).not.toBe(first.point.spot)
  })

  it('are three that decide together, not each the best for itself', () => {
    const spots: Spot[] = [
      { east_m: 18, north_m: 14 },
      { east_m: 22, north_m: 18 },
      { east_m: 16, north_m: 20 },
      { east_m: -8, north_m: 9 },
      { east_m: 35, north_m: -14 },
      { east_m: 2, north_m: -40 }
    ]
    const points = spots.map((spot) => ({ ...placeAt(spot), accuracy_m: 0.1, spot }))
    const aim = (e: Estimate, { spot, ...point }: (typeof points)[number]): Estimate =>
      withSighting(e, point, headingOf(TRUTH, HERE, spot), localOf(TRUTH, HERE, 20))
    const doubtOf = (e: Estimate): number => drawnDoubt(e, SHOWN).metres
    const proposed = [0, 1, 2].reduce((e) => {
      const [first] = bestFirst(e, points, SHOWN)
      return first === undefined ? e : aim(e, first.point)
    }, stand(20))
    const triples = points.flatMap((a, i) =>
      points.slice(i + 1).flatMap((b, k) => points.slice(i + k + 2).map((c) => [a, b, c]))
    )
    const doubts = triples.map((triple) => doubtOf(triple.reduce(aim, stand(20)))).sort((a, b) => a - b)
    expect(doubts).toHaveLength(20)
    expect(doubtOf(proposed)).toBeLessThan(1.1 * (doubts[0] ?? 0))
    expect(doubtOf(proposed)).toBeLessThan(doubts[3] ?? 0)
  })

  it('leave out what lies at the feet or out of sight', () => {
    const points = [placeAt({ east_m: 12, north_m: -4 }), placeAt({ east_m: 10, north_m: 200 })]
    expect(
      bestFirst(
        stand(20),
        points.map((point) => ({ ...point, accuracy_m: 0.1 })),
        SHOWN
      )
    ).toEqual([])
  })
})
