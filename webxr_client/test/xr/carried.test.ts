import { describe, expect, it } from 'vitest'
import { localFromSite } from '../../src/align/estimator'
import { type Entry, follow, startFrom } from '../../src/align/trace'
import type { SceneNode } from '../../src/wire'
import { startAlignment } from '../../src/xr/alignment'
import { type Carried, poseInFrame } from '../../src/xr/carried'
import { FRAME, headingOf, localOf, placeAt, type Spot, type Truth } from '../align/walks'

const TRUTH: Truth = { yaw_deg: 110, east_m: 4, north_m: -3 }
const HERE: Spot = { east_m: 6, north_m: 2 }
const NODE = {
  geopose: { position: placeAt({ east_m: 6, north_m: 32 }), quaternion: { x: 0, y: 0, z: 0, w: 1 } }
} as SceneNode
/** True minus what the phone's own sensors call a heading. */
const OWN_DEG = -35

function carry(own_deg: number | null, { at_ms = 0, walked_m = 0 } = {}) {
  let stopped = 0
  const carried: Carried = {
    pose: { ...placeAt(HERE), yaw_deg: OWN_DEG, accuracy_m: 0.1, accuracy_deg: 2 },
    at_ms,
    headingDeg: () => own_deg,
    walkedM: () => walked_m,
    stop: () => {
      stopped += 1
    }
  }
  return { carried, stops: () => stopped }
}

describe('a sign scanned before AR', () => {
  it('says how the tracked frame is turned, by where the camera looks in both', () => {
    // it looks to the true east: 90 + 35 by its own sensors, 90 - 110 in the tracked frame
    const pose = poseInFrame(carry(125).carried, { heading_deg: -20, at_ms: 5000 })
    expect(((pose?.yaw_deg ?? 0) + 360) % 360).toBeCloseTo(TRUTH.yaw_deg, 6)
    expect(pose?.accuracy_m).toBeGreaterThan(0.3)
    expect(pose?.accuracy_deg).toBeGreaterThan(2)
  })

  it('counts for less the longer it is ago, and after a minute for nothing', () => {
    const { carried } = carry(125)
    const [soon, late, too_late] = [1000, 50_000, 61_000].map((at_ms) =>
      poseInFrame(carried, { heading_deg: -20, at_ms })
    )
    expect(late?.accuracy_m).toBeGreaterThan(2 * (soon?.accuracy_m ?? 9))
    expect(late?.accuracy_deg).toBeGreaterThan(soon?.accuracy_deg ?? 9)
    expect(too_late).toBeNull()
  })

  it('is enough, half a minute later, with the one point that the page proposes for a model close by', () => {
    const gate = { ...NODE, geopose: { ...NODE.geopose, position: placeAt({ east_m: 6, north_m: 9 }) } }
    const { carried } = carry(125)
    const alignment = startAlignment(gate, FRAME, null, carried)
    const { east_m, north_m } = localOf(TRUTH, HERE, 1)
    const stand = (heading_deg: number, at_ms: number) =>
      alignment.track({ position: [east_m, 0, -north_m], heading_deg, at_ms })
    stand(-20, 30_000)
    expect(alignment.find()).toBeNull()
    const spots: Record<string, Spot> = {
      corner: { east_m: 9, north_m: 13 },
      beside: { east_m: 1, north_m: 6 },
      far: { east_m: 40, north_m: -30 }
    }
    const points = Object.entries(spots).map(([id, spot]) => ({ id, ...placeAt(spot), accuracy_m: 0.1 }))
    const [first] = alignment.order(points)
    const spot = spots[first?.id ?? '']
    const point = points.find(({ id }) => id === first?.id)
    if (spot === undefined || point === undefined) throw new Error('nothing is proposed')
    stand(headingOf(TRUTH, HERE, spot), 31_000)
    alignment.sight(point)
    expect(alignment.find()?.doubt.degrees).toBeLessThan(3)
  })

  it('counts for less by every step that was counted', () => {
    const walked = poseInFrame(carry(125, { walked_m: 3 }).carried, { heading_deg: -20, at_ms: 1000 })
    expect(walked?.accuracy_m).toBeGreaterThan(3)
  })

  it('stands the model at its true place from the first frames, and lets go of the sensors', () => {
    const trace: Entry[] = []
    const { carried, stops } = carry(125)
    const note = { length: 0, note: (entry: Entry) => trace.push(entry), save: () => undefined }
    const alignment = startAlignment(NODE, FRAME, note, carried)
    const { east_m, north_m } = localOf(TRUTH, HERE, 1)
    for (const at_ms of [1000, 1300]) alignment.track({ position: [east_m, 0, -north_m], heading_deg: -20, at_ms })
    expect(trace.filter(({ kind }) => kind === 'pose')).toHaveLength(1)
    expect(stops()).toBe(1)
    const place = alignment.find()
    const right = localOf(TRUTH, { east_m: 6, north_m: 32 }, 0)
    expect(place?.position[0]).toBeCloseTo(right.east_m, 1)
    expect(place?.position[2]).toBeCloseTo(-right.north_m, 1)
    expect(alignment.canUndo).toBe(true)
    alignment.undo()
    expect(alignment.find()).toBeNull()
  })

  it('waits for silent sensors, and is given up with the frame it was for', () => {
    const trace: Entry[] = []
    const { carried, stops } = carry(null)
    const note = { length: 0, note: (entry: Entry) => trace.push(entry), save: () => undefined }
    const alignment = startAlignment(NODE, FRAME, note, carried)
    alignment.track({ position: [0, 0, 0], heading_deg: 0, at_ms: 1000 })
    expect(stops()).toBe(0)
    alignment.reset()
    expect(stops()).toBe(1)
    expect(trace.some(({ kind }) => kind === 'pose')).toBe(false)
  })
})

describe('a sign that is named in AR', () => {
  it('is a place and no direction', () => {
    const trace: Entry[] = []
    const note = { length: 0, note: (entry: Entry) => trace.push(entry), save: () => undefined }
    const alignment = startAlignment(NODE, FRAME, note)
    const pose = { ...placeAt(HERE), yaw_deg: null, accuracy_m: 0.7, accuracy_deg: 180 }
    expect(alignment.stand(pose)).toBe(false) // nothing is tracked yet
    alignment.track({ position: [0, 0, 0], heading_deg: 0, at_ms: 1000 })
    expect(alignment.stand(pose)).toBe(true)
    expect(alignment.stand({ ...pose, ...placeAt({ east_m: 5000, north_m: 0 }) })).toBe(false)
    expect(alignment.find()).toBeNull()
    const [begin, ...heard] = trace
    if (begin?.kind !== 'begin') throw new Error('no beginning')
    const estimate = heard.reduce((e, entry) => (entry.kind === 'begin' ? e : follow(e, entry)), startFrom(begin))
    const { east_m, north_m, yaw_rad } = localFromSite(estimate)
    const [sin, cos] = [Math.sin(yaw_rad), Math.cos(yaw_rad)]
    // the visitor, at the origin of the tracked frame, stands where the sign says, however the site is turned round them
    expect(-(east_m * cos + north_m * sin)).toBeCloseTo(HERE.east_m, 1)
    expect(east_m * sin - north_m * cos).toBeCloseTo(HERE.north_m, 1)
  })
})
