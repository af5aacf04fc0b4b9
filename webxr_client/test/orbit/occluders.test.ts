import { type MeshBasicMaterial, Raycaster, Vector3 } from 'three'
import { expect, test } from 'vitest'
import { makeOccluders, type Occluders } from '../../src/orbit/occluders'
import type { Occluder, Point3, SceneNode } from '../../src/wire'

const ORIGIN = { lat: 32.7435, lon: 129.873, h: 34.5 }
/** An L of about 9 by 11 m, north-east of the origin, from its foot 1 m below it to 6 m above. */
const BLOCK: Occluder = {
  id: 'block',
  footprint: [
    [32.7436, 129.8731],
    [32.7436, 129.8732],
    [32.74365, 129.8732],
    [32.74365, 129.87315],
    [32.7437, 129.87315],
    [32.7437, 129.8731]
  ],
  base_m: 33.5,
  top_m: 40.5,
  demonstration: true
}
/** The same 30 m farther west. */
const WEST: Occluder = { ...BLOCK, id: 'west', footprint: BLOCK.footprint.map(([lat, lon]) => [lat, lon - 0.00032]) }
const EYE = new Vector3(0, 1.6, 0)
const BEHIND = new Vector3(28, 1.6, -33)
const BEHIND_WEST = new Vector3(-32, 1.6, -33)

function hidesFrom({ mesh }: Occluders, from: Vector3, to: Vector3): boolean {
  mesh.updateMatrixWorld(true)
  const ray = new Raycaster(from, to.clone().sub(from).normalize(), 0, from.distanceTo(to))
  return ray.intersectObject(mesh).length > 0
}

function hides(occluder: Occluder, from: Vector3, to: Vector3, lowest_m = ORIGIN.h): boolean {
  return hidesFrom(makeOccluders([occluder], ORIGIN, lowest_m), from, to)
}

/** A model of 8 by 2 m, its length from west to east, whose origin is at a place. */
function makeNode(lat: number, lon: number, turned_deg = 0): SceneNode {
  const half = (turned_deg * Math.PI) / 360
  return {
    bounds: { min: [-4, 0, -1], max: [4, 5, 1] },
    geopose: { position: { lat, lon, h: ORIGIN.h }, quaternion: { x: 0, y: 0, z: Math.sin(half), w: Math.cos(half) } }
  } as SceneNode
}

test.each([
  ['as drawn', BLOCK],
  ['drawn the other way round', { ...BLOCK, footprint: [...BLOCK.footprint].reverse() }]
])('a building %s hides what is behind it from the ground and from above', (_, block) => {
  expect(hides(block, EYE, BEHIND)).toBe(true)
  expect(hides(block, new Vector3(11.5, 30, -13), new Vector3(11.5, 0, -13))).toBe(true)
  expect(hides(block, new Vector3(17, 30, -20), new Vector3(17, 0, -20))).toBe(false) // the notch of the L
  expect(hides(block, EYE, new Vector3(-28, 1.6, -33))).toBe(false)
})

test('whoever stands within a building, as a vague position may have it, is not left in the dark', () => {
  expect(hides(BLOCK, new Vector3(11.5, 1.6, -13), BEHIND)).toBe(false)
})

test('under a building that stands higher than the model there is no gap', () => {
  const higher = { ...BLOCK, base_m: ORIGIN.h + 3 }
  expect(hides(higher, EYE, BEHIND, ORIGIN.h + 3)).toBe(false)
  expect(hides(higher, EYE, BEHIND)).toBe(true)
})

test('all of them have no colour, come first, and are one call', () => {
  const { mesh } = makeOccluders([BLOCK, WEST], ORIGIN, ORIGIN.h)
  expect((mesh.material as MeshBasicMaterial).colorWrite).toBe(false)
  expect(mesh.renderOrder).toBeLessThan(0)
  expect(mesh.children).toEqual([])
  expect(mesh.visible).toBe(false)
})

test.each([
  ['lies on it', makeNode(32.74363, 129.87314)],
  ['is far larger than it', { ...makeNode(32.7434, 129.8729), bounds: { min: [-60, 0, -60], max: [60, 9, 60] } }],
  ['reaches over its middle as it is turned', makeNode(32.74362, 129.87314, 90)]
])('a building in whose place a model %s hides nothing while that model is seen', (_, node) => {
  const occluders = makeOccluders([BLOCK], ORIGIN, ORIGIN.h)
  occluders.follow([node as SceneNode])
  expect(hidesFrom(occluders, EYE, BEHIND)).toBe(false)
  occluders.follow([])
  expect(hidesFrom(occluders, EYE, BEHIND)).toBe(true)
})

test('a model before or beside a building leaves it hiding, and so does one in the place of another building', () => {
  const occluders = makeOccluders([BLOCK, WEST], ORIGIN, ORIGIN.h)
  occluders.follow([makeNode(32.74355, 129.87305), makeNode(32.74363, 129.87282)])
  expect(hidesFrom(occluders, EYE, BEHIND)).toBe(true)
  expect(hidesFrom(occluders, EYE, BEHIND_WEST)).toBe(false)
})

test('what is no area is left out', () => {
  const { mesh } = makeOccluders([{ ...BLOCK, footprint: BLOCK.footprint.slice(0, 2) }], ORIGIN, ORIGIN.h)
  expect(mesh.geometry.index?.count).toBe(0)
})

test('the ground hides what lies under it, however far away, and nothing that stands on it', () => {
  const box = { min: [-14, 0, -7] as Point3, max: [14, 9, 7] as Point3 }
  const ground = makeOccluders([], ORIGIN, ORIGIN.h, { box, ground_y: 2.75 })
  for (const away_m of [9, 40]) {
    const eye = new Vector3(0, 2.75 + 1.6, away_m)
    expect(hidesFrom(ground, eye, new Vector3(0, 0.1, -7))).toBe(true)
    expect(hidesFrom(ground, eye, new Vector3(0, 2.8, -7))).toBe(false)
  }
  const below = new Vector3(0, 1, -3) // whoever looks up from there, as a vague height may have it, sees
  expect(hidesFrom(ground, below, new Vector3(0, 5, -3))).toBe(false)
})
