import { Mesh } from 'three'
import { expect, test } from 'vitest'
import { geodeticToEnu, poseInScene } from '../../src/geo/enu'
import { makeOccluders } from '../../src/orbit/occluders'
import type { Turn } from '../../src/window/attitude'
import type { Hazard, Point3, SceneNode } from '../../src/wire'
import { edgeLines, makeEdges, nearestEdge } from '../../src/xr/edges'

const ORIGIN = { lat: 32.7435, lon: 129.873, h: 34.5 }
const QUARTER = Math.SQRT1_2
/** A node 40 m north of the origin and turned by a quarter, on ground half a metre higher. */
const NODE = {
  id: 'gate',
  geopose: {
    position: { lat: 32.7435 + 40 / 110_900, lon: 129.873, h: 35 },
    quaternion: { x: 0, y: 0, z: QUARTER, w: QUARTER }
  }
} as SceneNode
const north = (metres: number): number => 32.7435 + metres / 110_900
const east = (metres: number): number => 129.873 + metres / 93_600
const QUAY: Hazard = {
  id: 'q',
  kind: 'quay',
  name: 'Quay',
  lines: [
    [
      [north(60), east(-50)],
      [north(60), east(50)]
    ]
  ]
}
const ROAD: Hazard = {
  id: 'r',
  kind: 'tram_road',
  name: 'Road',
  lines: [
    [
      [north(-30), east(-50)],
      [north(-30), east(50)]
    ]
  ]
}

/** Lay the edges as where the node truly stands, the phone's frame being the site's. */
function layTrue() {
  const edges = makeEdges([QUAY, ROAD], NODE, ORIGIN)
  const { position, quaternion } = poseInScene(NODE.geopose, ORIGIN)
  edges.lay(position, quaternion as unknown as Turn, -1.5)
  return edges
}

/** A place in metres east and north of the origin, in the phone's frame. */
const eyeAt = (east_m: number, north_m: number): Point3 => [east_m, 0, -north_m]

test('lines are those of the ground whichever way the node is turned', () => {
  const [line] = edgeLines([QUAY], NODE, ORIGIN)
  const [a, b] = line?.points ?? []
  expect(Math.hypot((b?.[0] ?? 0) - (a?.[0] ?? 0), (b?.[2] ?? 0) - (a?.[2] ?? 0))).toBeCloseTo(100, 0)
  // 20 m beyond the node, to which the quay lies at a right angle
  expect(nearestEdge(line === undefined ? [] : [line], [0, 0, 0])?.away_m).toBeCloseTo(20, 0)
})

test('the nearest edge is told with its distance, also past the end of a line', () => {
  const edges = layTrue()
  const before_m = geodeticToEnu({ lat: north(60), lon: east(0), h: 34.5 }, ORIGIN)[1] - 25
  expect(edges.show(eyeAt(0, 25))?.hazard.id).toBe('q')
  expect(edges.show(eyeAt(0, 25))?.away_m).toBeCloseTo(before_m, 1)
  expect(edges.show(eyeAt(0, -10))?.hazard.id).toBe('r')
  expect(edges.show(eyeAt(70, -30))?.away_m).toBeCloseTo(20, 0)
})

test('far edges are not drawn, and none is told before the true place is known or after it is lost', () => {
  const edges = layTrue()
  edges.show(eyeAt(0, 25))
  expect(edges.group.visible).toBe(false)
  edges.takeAway()
  expect(edges.show(eyeAt(0, 58))).toBe(null)
  expect(makeEdges([QUAY], NODE, ORIGIN).show(eyeAt(0, 58))).toBe(null)
  expect(makeEdges([], NODE, ORIGIN).show(eyeAt(0, 0))).toBe(null)
})

test('edges are drawn before the buildings, which must not hide where one must not step', () => {
  const buildings = makeOccluders([], NODE.geopose.position, 0).mesh.renderOrder
  const orders: number[] = []
  layTrue().group.traverse((part) => {
    if (part instanceof Mesh) orders.push(part.renderOrder)
  })
  expect(orders.length).toBeGreaterThan(0)
  expect(Math.max(...orders)).toBeLessThan(buildings)
})
