import { describe, expect, it } from 'vitest'
import { localFromSite } from '../../src/align/estimator'
import { dumpTrace, type Entry, follow, parseTrace, startFrom } from '../../src/align/trace'
import type { Trace } from '../../src/trace'
import type { SceneNode } from '../../src/wire'
import { lookingDeg, startAlignment, type Tracked } from '../../src/xr/alignment'
import { FRAME, headingOf, localOf, placeAt, type Spot, type Truth } from '../align/walks'

const TRUTH: Truth = { yaw_deg: 110, east_m: 4, north_m: -3 }
const HERE: Spot = { east_m: 6, north_m: 2 }
const NODE = {
  geopose: { position: placeAt({ east_m: 6, north_m: 32 }), quaternion: { x: 0, y: 0, z: 0, w: 1 } }
} as SceneNode
const MARKS = [
  { east_m: 30, north_m: 10 },
  { east_m: -10, north_m: 20 },
  { east_m: 8, north_m: -22 }
]
const POINTS = MARKS.map((mark, i) => ({ ...placeAt(mark), accuracy_m: 0.1, id: `p${i}` }))

function trackedAt(spot: Spot, at_s: number, heading_deg = 0): Tracked {
  const { east_m, north_m, at_ms } = localOf(TRUTH, spot, at_s)
  return { position: [east_m, 0, -north_m], heading_deg, at_ms }
}

function aimAll(trace: Trace | null) {
  const alignment = startAlignment(NODE, FRAME, trace)
  alignment.track(trackedAt(HERE, 0))
  alignment.hearFix({ ...placeAt(HERE), accuracy_m: 6 }, 0)
  for (const [i, point] of POINTS.entries()) {
    alignment.track(trackedAt(HERE, i + 1, headingOf(TRUTH, HERE, MARKS[i] ?? HERE)))
    alignment.sight(point)
  }
  return alignment
}

describe('the alignment of an AR session', () => {
  it('gives no place while it is not known, and after three points the true one', () => {
    const unknown = startAlignment(NODE, FRAME, null)
    unknown.track(trackedAt(HERE, 0))
    expect(unknown.find()).toBeNull()
    const place = aimAll(null).find()
    const right = localOf(TRUTH, { east_m: 6, north_m: 32 }, 0)
    expect(place?.position[0]).toBeCloseTo(right.east_m, 0)
    expect(place?.position[2]).toBeCloseTo(-right.north_m, 0)
  })

  it('moves what is drawn to the right and away as the visitor sees it', () => {
    const alignment = aimAll(null)
    const before = alignment.find()
    const heading_deg = headingOf(TRUTH, HERE, { east_m: 6, north_m: 32 })
    alignment.track(trackedAt(HERE, 9, heading_deg))
    alignment.nudge(0, 2)
    const after = alignment.find()
    const away = (place: typeof after): number => {
      const here = trackedAt(HERE, 9).position
      return Math.hypot((place?.position[0] ?? 0) - here[0], (place?.position[2] ?? 0) - here[2])
    }
    expect(away(after) - away(before)).toBeCloseTo(2, 1)
    alignment.undo()
    expect(away(alignment.find()) - away(before)).toBeCloseTo(0, 6)
  })

  it('compares a compass only with where the phone looked at that moment', () => {
    const trace: Entry[] = []
    const alignment = startAlignment(NODE, FRAME, {
      length: 0,
      note: (entry) => trace.push(entry),
      save: () => undefined
    })
    alignment.track(trackedAt(HERE, 0, 10))
    alignment.hearHeading(50, 900)
    expect(trace.map(({ kind }) => kind)).toEqual(['begin', 'local'])
    alignment.hearHeading(50, 100)
    expect(trace.at(-1)).toMatchObject({ kind: 'heading', magnetic_deg: 50, local_deg: 10 })
  })

  it('keeps a fix that came before the first frame', () => {
    const trace: Entry[] = []
    const alignment = startAlignment(NODE, FRAME, {
      length: 0,
      note: (entry) => trace.push(entry),
      save: () => undefined
    })
    alignment.hearFix({ ...placeAt(HERE), accuracy_m: 6 }, 0)
    alignment.track(trackedAt(HERE, 1))
    expect(trace.map(({ kind }) => kind)).toEqual(['begin', 'local', 'fix'])
  })

  it('asks for points again after the tracked frame began anew', () => {
    const alignment = aimAll(null)
    alignment.reset()
    expect(alignment.find()).toBeNull()
    expect(alignment.wants).toBe(true)
    expect(alignment.canUndo).toBe(false)
  })
})

describe('a trace', () => {
  it('gives back the very same estimate when it is replayed', () => {
    const entries: Entry[] = []
    const alignment = aimAll({ length: 0, note: (entry) => entries.push(entry), save: () => undefined })
    alignment.turn(3)
    alignment.nudge(1, 0)
    alignment.undo()
    const [begin, ...heard] = parseTrace(dumpTrace(entries))
    if (begin?.kind !== 'begin') throw new Error('a trace begins with its beginning')
    const replay = (rest: Entry[]) =>
      rest.reduce((e, entry) => (entry.kind === 'begin' ? e : follow(e, entry)), startFrom(begin))
    const [, ...live] = entries
    expect(localFromSite(replay(heard))).toEqual(localFromSite(replay(live)))
    const place = alignment.find()
    const { yaw_rad } = localFromSite(replay(heard))
    expect(2 * Math.atan2(place?.turn[1] ?? 0, place?.turn[3] ?? 0)).toBeCloseTo(yaw_rad, 6)
  })

  it('names the line that is none', () => {
    expect(() => parseTrace('{"kind":"reset"}\n{"kind":"dance"}\n')).toThrow('line 2')
    expect(() => parseTrace('{"kind":')).toThrow('line 1')
  })
})

describe('where a camera looks', () => {
  it('is clockwise from ahead, and nothing when it looks at the ground', () => {
    const half = (-Math.PI / 180) * 45
    expect(lookingDeg([0, Math.sin(half), 0, Math.cos(half)])).toBeCloseTo(90, 6)
    expect(lookingDeg([-Math.SQRT1_2, 0, 0, Math.SQRT1_2])).toBeNull()
  })
})
