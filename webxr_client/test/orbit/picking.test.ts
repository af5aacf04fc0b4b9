import { BoxGeometry, BufferGeometry, Float32BufferAttribute, Group, Mesh, PerspectiveCamera, Points } from 'three'
import { expect, test } from 'vitest'
import { type Pickable, pick, sightThrough } from '../../src/orbit/picking'

function box(id: string, x: number, size = 2): Pickable {
  const group = new Group()
  const level = new Group()
  level.add(new Mesh(new BoxGeometry(size, size, size)))
  group.add(level)
  group.position.set(x, 1, 0)
  group.updateMatrixWorld(true)
  return { id, group, level }
}

/** An eye ten metres before the origin, at the height of a box's middle. */
function eye(): PerspectiveCamera {
  const camera = new PerspectiveCamera(40, 1, 0.1, 100)
  camera.position.set(0, 1, 10)
  camera.lookAt(0, 1, 0)
  return camera
}

test('the middle of the view meets the near face of a box, told in the metres of that box', () => {
  expect(pick([box('gate', 0)], sightThrough(eye(), 0, 0))).toEqual({ node: 'gate', position: [0, 0, 1] })
})

test('a box that is turned and moved is met where its own frame says', () => {
  const gate = box('gate', 0)
  gate.group.rotation.y = Math.PI / 2
  gate.group.position.x = 0.5
  const met = pick([gate], sightThrough(eye(), 0, 0))
  expect(met?.position[0]).toBeCloseTo(-1, 3)
  expect(met?.position[2]).toBeCloseTo(-0.5, 3)
})

test('of two boxes behind one another the nearer one is met, and one that is not shown is looked through', () => {
  const [near, far] = [box('near', 0, 1), box('far', 0, 4)]
  near.group.position.z = 4
  expect(pick([far, near], sightThrough(eye(), 0, 0))?.node).toBe('near')
  near.group.visible = false
  expect(pick([far, near], sightThrough(eye(), 0, 0))?.node).toBe('far')
})

test('beside all of them nothing is met, nor where no level stands yet', () => {
  expect(pick([box('gate', 0)], sightThrough(eye(), 0.9, 0.9))).toBeNull()
  expect(pick([{ ...box('gate', 0), level: null }], sightThrough(eye(), 0, 0))).toBeNull()
})

test('the upper right of the view is up and to the right on the model', () => {
  const met = pick([box('gate', 0)], sightThrough(eye(), 0.1, 0.2))
  expect(met?.position[0]).toBeGreaterThan(0)
  expect(met?.position[1]).toBeGreaterThan(met?.position[0] ?? 0)
})

test('of a cloud the point nearest to the eye on the line of sight is met', () => {
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new Float32BufferAttribute([0, 0, -1, 0.02, 0, 1, 1, 0, 2], 3))
  const [group, level] = [new Group(), new Group()]
  level.add(new Points(geometry))
  group.add(level)
  group.position.set(0, 1, 0)
  expect(pick([{ id: 'cloud', group, level }], sightThrough(eye(), 0, 0))?.position).toEqual([0.02, 0, 1])
  expect(pick([{ id: 'cloud', group, level }], sightThrough(eye(), -0.5, 0))).toBeNull()
})
