import { type Mesh, type MeshBasicMaterial, Raycaster, Vector3 } from 'three'
import { expect, test } from 'vitest'
import { makeOccluders } from '../../src/orbit/occluders'
import type { Occluder } from '../../src/wire'

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

function hits(occluder: Occluder, from: Vector3, to: Vector3): number {
  const group = makeOccluders([occluder], ORIGIN)
  group.updateMatrixWorld(true)
  const ray = new Raycaster(from, to.clone().sub(from).normalize(), 0, from.distanceTo(to))
  return ray.intersectObject(group, true).length
}

test.each([
  ['as drawn', BLOCK],
  ['drawn the other way round', { ...BLOCK, footprint: [...BLOCK.footprint].reverse() }]
])('a building %s hides what is behind it from the ground and from above', (_, block) => {
  const eye = new Vector3(0, 1.6, 0)
  expect(hits(block, eye, new Vector3(28, 1.6, -33))).toBeGreaterThan(0)
  expect(hits(block, new Vector3(11.5, 30, -13), new Vector3(11.5, 0, -13))).toBeGreaterThan(0)
  expect(hits(block, new Vector3(17, 30, -20), new Vector3(17, 0, -20))).toBe(0) // the notch of the L
  expect(hits(block, eye, new Vector3(-28, 1.6, -33))).toBe(0)
})

test('it has no colour and comes first', () => {
  const meshes = makeOccluders([BLOCK], ORIGIN).children as Mesh[]
  expect(meshes.map(({ material }) => (material as MeshBasicMaterial).colorWrite)).toEqual([false])
  for (const { renderOrder } of meshes) expect(renderOrder).toBeLessThan(0)
})

test('what is no area is left out', () => {
  expect(makeOccluders([{ ...BLOCK, footprint: BLOCK.footprint.slice(0, 2) }], ORIGIN).children).toHaveLength(0)
})
