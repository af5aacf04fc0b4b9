import { describe, expect, test } from 'vitest'
import { geodeticToEnu } from '../../src/geo/enu'
import { rotate } from '../../src/orbit/frame'
import { startAnchoring } from '../../src/window/anchoring'
import { mayOverlay } from '../../src/window/true-place'
import type { SceneNode } from '../../src/wire'

const ORIGIN = { lat: 32.7435, lon: 129.873, h: 34.5 }
const FRAME = { origin: ORIGIN, declination_deg: -7.8 }
const NODE = {
  id: 'gate',
  // 40 m north of where the visitor stands, its face to the south
  geopose: { position: { lat: 32.7435 + 40 / 110_900, lon: 129.873, h: 35 }, quaternion: { x: 0, y: 0, z: 0, w: 1 } }
} as SceneNode
/** Points round the visitor, who stands at the origin: north, east, south-west. */
const POINTS = [
  [32.7435 + 30 / 110_900, 129.873],
  [32.7435, 129.873 + 25 / 93_600],
  [32.7435 - 20 / 110_900, 129.873 - 20 / 93_600]
].map(([lat = 0, lon = 0]) => ({ lat, lon, accuracy_m: 0.1 }))
/** How far the phone's own north is turned from the true one. */
const AMISS_DEG = 130

/** The direction of a point in the phone's frame, for somebody at the origin. */
function localDeg(point: { lat: number; lon: number }): number {
  const [east, north] = geodeticToEnu({ ...point, h: ORIGIN.h }, ORIGIN)
  return (Math.atan2(east, north) * 180) / Math.PI - AMISS_DEG
}

/** A visitor at the origin with fixes and a compass that are honest, and a second between readings. */
function stand(seconds: number) {
  let changes = 0
  const anchoring = startAnchoring(NODE, FRAME, null, () => {
    changes += 1
  })
  for (let s = 0; s < seconds; s++) {
    anchoring.hearFix({ lat: ORIGIN.lat, lon: ORIGIN.lon, accuracy_m: 6 }, 1000 * s)
    // true north is where the phone's own frame says -AMISS; the compass points 7.8 degrees west of it
    anchoring.hearHeading({ magnetic_deg: 7.8, local_deg: -AMISS_DEG, at_ms: 1000 * s })
  }
  return { anchoring, changes: () => changes }
}

test('fixes and a compass alone are not enough to stand over the real thing', () => {
  const { anchoring, changes } = stand(20)
  expect(changes()).toBeGreaterThan(0)
  expect(anchoring.find()).toBeNull()
})

describe('after three sightings', () => {
  const { anchoring } = stand(20)
  for (const [i, point] of POINTS.entries()) anchoring.sight(point, localDeg(point), 20_000 + 3000 * i)

  test('the model stands where it stood, turned as it was', () => {
    const place = anchoring.find()
    expect(place?.doubt.metres).toBeLessThan(2)
    const [x = 0, , z = 0] = place?.position ?? []
    expect(Math.hypot(x, z)).toBeGreaterThan(38.5)
    expect(Math.hypot(x, z)).toBeLessThan(41.5)
    const seen_deg = (Math.atan2(x, -z) * 180) / Math.PI
    expect(Math.abs(((seen_deg + AMISS_DEG + 540) % 360) - 180)).toBeLessThan(1.5)
    // its face (+z) looks to the true south: half a turn from where the true north is in the phone's frame
    const [fx = 0, , fz = 0] = rotate([0, 0, 1], place?.turn ?? [0, 0, 0, 1])
    const face_deg = (Math.atan2(fx, -fz) * 180) / Math.PI
    expect(Math.abs(((face_deg + AMISS_DEG - 180 + 540 + 360) % 360) - 180)).toBeLessThan(1.5)
  })

  test('a turn by hand turns it, and can be undone', () => {
    const before = anchoring.find()?.position ?? [0, 0, 0]
    anchoring.turn(2)
    const after = anchoring.find()?.position ?? [0, 0, 0]
    const moved_m = Math.hypot(after[0] - before[0], after[2] - before[2])
    expect(moved_m).toBeGreaterThan(40 * Math.sin((1 * Math.PI) / 180))
    expect(anchoring.canUndo).toBe(true)
    anchoring.undo()
    const again = anchoring.find()?.position ?? [0, 0, 0]
    expect(Math.hypot(again[0] - before[0], again[2] - before[2])).toBeLessThan(0.1)
  })
})

test('without a compass, and with one that is only relative, sighted points alone decide', () => {
  const anchoring = startAnchoring(NODE, FRAME, null, () => undefined)
  for (let s = 0; s < 10; s++) anchoring.hearFix({ lat: ORIGIN.lat, lon: ORIGIN.lon, accuracy_m: 6 }, 1000 * s)
  expect(anchoring.find()).toBeNull()
  for (const [i, point] of POINTS.entries()) anchoring.sight(point, localDeg(point), 10_000 + 3000 * i)
  expect(anchoring.find()?.doubt.degrees).toBeLessThan(3)
})

test('what stands over the real thing stays there when it becomes a little less sure, and leaves when much less', () => {
  expect(mayOverlay({ metres: 4, degrees: 2 }, false)).toBe(true)
  expect(mayOverlay({ metres: 6, degrees: 2 }, false)).toBe(false)
  expect(mayOverlay({ metres: 6, degrees: 5 }, true)).toBe(true)
  expect(mayOverlay({ metres: 9, degrees: 2 }, true)).toBe(false)
  expect(mayOverlay({ metres: 4, degrees: 7 }, true)).toBe(false)
})
