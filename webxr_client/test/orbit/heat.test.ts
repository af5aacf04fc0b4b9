import {
  BufferAttribute,
  BufferGeometry,
  Group,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  Points,
  PointsMaterial
} from 'three'
import { expect, test } from 'vitest'
import { dressModel, readColours, setSteps } from '../../src/orbit/heat'

const COLOURS = readColours([
  [0, 0, 0],
  [255, 0, 0],
  [255, 255, 255]
])

function meshOf(vertices: number, coloured = false): Mesh {
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new BufferAttribute(new Float32Array(vertices * 3), 3))
  if (coloured) geometry.setAttribute('color', new BufferAttribute(new Float32Array(vertices * 3).fill(0.5), 3))
  return new Mesh(geometry, new MeshLambertMaterial())
}

function modelOf(...meshes: Mesh[]): Group {
  const root = new Group()
  const inner = new Group()
  inner.add(...meshes)
  return root.add(inner)
}

const shown = (mesh: Mesh): number[] => [...(mesh.geometry.getAttribute('color') as BufferAttribute).array]

test('each vertex takes the colour of its step, through all parts of a model in the order of its file', () => {
  const [first, second] = [meshOf(2), meshOf(1)]
  const model = modelOf(first, second)
  expect(setSteps(model, new Uint8Array([1, 0, 2]))).toBe(true)
  dressModel(model, { mode: 'heat', colours: COLOURS })
  expect(shown(first)).toEqual([1, 0, 0, 0, 0, 0])
  expect(shown(second)).toEqual([1, 1, 1])
  const material = first.material as MeshBasicMaterial
  expect([material instanceof MeshBasicMaterial, material.vertexColors, material.toneMapped]).toEqual([
    true,
    true,
    false
  ])
})

test('a model gets its own look back, with and without colours of its own', () => {
  const [plain, coloured] = [meshOf(1), meshOf(1, true)]
  const model = modelOf(plain, coloured)
  const own = [plain.material, coloured.material]
  setSteps(model, new Uint8Array([1, 1]))
  for (const mode of ['heat', 'clay', 'heat', 'as-is'] as const) dressModel(model, { mode, colours: COLOURS })
  expect([plain.material, coloured.material]).toEqual(own)
  expect(plain.geometry.hasAttribute('color')).toBe(false)
  expect(shown(coloured)).toEqual([0.5, 0.5, 0.5])
})

test('steps of another model are not taken, and without any a model stays as it is', () => {
  const mesh = meshOf(2)
  const model = modelOf(mesh)
  const own = mesh.material
  expect(setSteps(model, new Uint8Array(3))).toBe(false)
  dressModel(model, { mode: 'heat', colours: COLOURS })
  expect(mesh.material).toBe(own)
  dressModel(model, { mode: 'clay', colours: null })
  expect(mesh.material).toBeInstanceOf(MeshLambertMaterial)
  expect(mesh.material).not.toBe(own)
})

test('newer steps take the place of older ones', () => {
  const mesh = meshOf(1)
  const model = modelOf(mesh)
  setSteps(model, new Uint8Array([1]))
  dressModel(model, { mode: 'heat', colours: COLOURS })
  setSteps(model, new Uint8Array([2]))
  dressModel(model, { mode: 'heat', colours: COLOURS })
  expect(shown(mesh)).toEqual([1, 1, 1])
})

test('points are coloured by their distance at the size they have, and get their own look back', () => {
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new BufferAttribute(new Float32Array(6), 3))
  const own = new PointsMaterial({ size: 0.25, sizeAttenuation: true })
  const points = new Points(geometry, own)
  const model = new Group().add(points)
  expect(setSteps(model, new Uint8Array([1, 2]))).toBe(true)
  dressModel(model, { mode: 'heat', colours: COLOURS })
  expect([...(geometry.getAttribute('color') as BufferAttribute).array]).toEqual([1, 0, 0, 1, 1, 1])
  const shownAs = points.material as PointsMaterial
  expect([shownAs.size, shownAs.vertexColors, shownAs.toneMapped]).toEqual([0.25, true, false])
  dressModel(model, { mode: 'as-is', colours: COLOURS })
  expect(points.material).toBe(own)
  expect(geometry.hasAttribute('color')).toBe(false)
})
