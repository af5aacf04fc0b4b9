import {
  Box3,
  type InterleavedBufferAttribute,
  Mesh,
  MeshLambertMaterial,
  MeshStandardMaterial,
  Points,
  type PointsMaterial,
  SRGBColorSpace
} from 'three'
import { beforeEach, expect, test, vi } from 'vitest'
import { readGlb } from '../../src/orbit/glb'
import type { Purse } from '../../src/orbit/pictures'

const USHORT = 5123
const BYTE = 5120
const FLOAT = 5126

const plenty = (): Purse => ({ left_bytes: 1 << 30 })

/** A GLB of a JSON and a binary chunk. */
function pack(json: object, binary: Uint8Array<ArrayBuffer>): ArrayBuffer {
  const text = JSON.stringify(json)
  const body = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 4) * 4))
  const file = new Uint8Array(28 + body.length + binary.length)
  const view = new DataView(file.buffer)
  const words = [0x46546c67, 2, file.length, body.length, 0x4e4f534a]
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true)
  file.set(body, 20)
  view.setUint32(20 + body.length, binary.length, true)
  view.setUint32(24 + body.length, 0x004e4942, true)
  file.set(binary, 28 + body.length)
  return file.buffer
}

/** One triangle as the pipeline quantises it: positions in steps of 1 cm from (-1, 0, 2), rows of 8 and 4 bytes. */
function triangle(extra: object = {}): ArrayBuffer {
  const binary = new Uint8Array(24 + 12 + 8)
  new Uint16Array(binary.buffer, 0, 12).set([0, 0, 0, 0, 200, 0, 0, 0, 0, 300, 100, 0])
  new Int8Array(binary.buffer, 24, 12).set([0, 0, 127, 0, 0, 0, 127, 0, 0, 0, 127, 0])
  new Uint16Array(binary.buffer, 36, 3).set([0, 1, 2])
  return pack(
    {
      asset: { version: '2.0' },
      extensionsRequired: ['KHR_mesh_quantization'],
      scene: 0,
      scenes: [{ nodes: [0] }],
      nodes: [{ mesh: 0, scale: [0.01, 0.01, 0.01], translation: [-1, 0, 2] }],
      meshes: [{ primitives: [{ attributes: { POSITION: 0, NORMAL: 1 }, indices: 2, material: 0 }] }],
      materials: [{ doubleSided: true, pbrMetallicRoughness: { baseColorFactor: [0.5, 0.25, 0.125, 1] } }],
      accessors: [
        { bufferView: 0, componentType: USHORT, count: 3, type: 'VEC3' },
        { bufferView: 1, componentType: BYTE, count: 3, type: 'VEC3', normalized: true },
        { bufferView: 2, componentType: USHORT, count: 3, type: 'SCALAR' }
      ],
      bufferViews: [
        { byteOffset: 0, byteLength: 24, byteStride: 8 },
        { byteOffset: 24, byteLength: 12, byteStride: 4 },
        { byteOffset: 36, byteLength: 6 }
      ],
      ...extra
    },
    binary
  )
}

test('a quantised model has its true size and place', async () => {
  const model = await readGlb(triangle(), plenty())
  const { min, max } = new Box3().setFromObject(model)
  expect(min.toArray().map((part) => Number(part.toFixed(6)))).toEqual([-1, 0, 2])
  expect(max.toArray().map((part) => Number(part.toFixed(6)))).toEqual([1, 3, 3])
})

test('normals of one byte are read as parts of one', async () => {
  const model = await readGlb(triangle(), plenty())
  const mesh = model.getObjectByProperty('isMesh', true) as Mesh
  const normal = mesh.geometry.getAttribute('normal') as InterleavedBufferAttribute
  expect([normal.getX(1), normal.getY(1), normal.getZ(1)]).toEqual([0, 0, 1])
})

test('the colour of the surface is kept', async () => {
  const mesh = (await readGlb(triangle(), plenty())).getObjectByProperty('isMesh', true)
  expect(mesh).toBeInstanceOf(Mesh)
  const { color } = (mesh as Mesh).material as MeshLambertMaterial
  expect([color.r, color.g, color.b]).toEqual([0.5, 0.25, 0.125])
})

test('nodes within nodes stand on each other', async () => {
  const nodes = [
    { children: [1], translation: [0, 10, 0] },
    { mesh: 0, scale: [0.01, 0.01, 0.01] }
  ]
  const { min } = new Box3().setFromObject(await readGlb(triangle({ nodes }), plenty()))
  expect(min.y).toBeCloseTo(10, 6)
})

test.each([
  ['something that is no GLB', new ArrayBuffer(64), /not a GLB/],
  ['a file cut off at once', new ArrayBuffer(3), /not a GLB/],
  ['an extension nobody here knows', triangle({ extensionsRequired: ['KHR_draco_mesh_compression'] }), /draco/],
  ['a mesh that is not there', triangle({ nodes: [{ mesh: 4 }] }), /mesh 4/],
  [
    'numbers of a kind that does not exist',
    triangle({ accessors: [{ bufferView: 0, componentType: FLOAT + 9, count: 1, type: 'VEC3' }] }),
    /type 5135/
  ]
])('%s is refused with a reason', async (_, data, reason) => {
  await expect(readGlb(data, plenty())).rejects.toThrow(reason)
})

/** Pictures as a browser would decode them: their size stands in the first two bytes; each knows whether it was freed. */
class Picture {
  closed = false
  constructor(
    readonly width: number,
    readonly height: number,
    readonly conversion: string | undefined
  ) {}
  close(): void {
    this.closed = true
  }
}

const decoded: Picture[] = []

beforeEach(() => {
  decoded.length = 0
  vi.stubGlobal('createImageBitmap', async (source: Blob | Picture, options: ImageBitmapOptions = {}) => {
    const [side = 0] = source instanceof Blob ? new Uint8Array(await source.arrayBuffer()) : [options.resizeWidth]
    const picture = new Picture(side, side, options.colorSpaceConversion)
    decoded.push(picture)
    return picture
  })
})

/** The triangle with pictures of 128, 64 and 32 px: colour as AVIF, normals as JPEG, gloss as WebP. */
function pictured(surface: object = {}): ArrayBuffer {
  const sides = new Uint8Array(64)
  sides.set([128], 48)
  sides.set([64], 52)
  sides.set([32], 56)
  const geometry = triangle()
  const jsonBytes = new DataView(geometry).getUint32(12, true)
  const json = JSON.parse(new TextDecoder().decode(new Uint8Array(geometry, 20, jsonBytes))) as Record<string, unknown>
  sides.set(new Uint8Array(geometry, 28 + jsonBytes, 44))
  const views = [48, 52, 56].map((byteOffset) => ({ byteOffset, byteLength: 4 }))
  return pack(
    {
      ...json,
      extensionsRequired: ['KHR_mesh_quantization', 'EXT_texture_avif', 'EXT_texture_webp'],
      materials: [
        {
          normalTexture: { index: 1 },
          pbrMetallicRoughness: { baseColorTexture: { index: 0 }, metallicFactor: 0, roughnessFactor: 1, ...surface }
        }
      ],
      textures: [
        { extensions: { EXT_texture_avif: { source: 0 } } },
        { source: 1 },
        { extensions: { EXT_texture_webp: { source: 2 } } }
      ],
      images: ['image/avif', 'image/jpeg', 'image/webp'].map((mimeType, i) => ({ bufferView: 3 + i, mimeType })),
      bufferViews: [...(json['bufferViews'] as object[]), ...views]
    },
    sides
  )
}

async function surfaceOf(data: ArrayBuffer, purse: Purse): Promise<MeshLambertMaterial | MeshStandardMaterial> {
  const mesh = (await readGlb(data, purse)).getObjectByProperty('isMesh', true) as Mesh
  return mesh.material as MeshLambertMaterial
}

test('colour is read as sRGB and a normal map as plain numbers, its green turned up', async () => {
  const surface = await surfaceOf(pictured(), plenty())
  expect(surface).toBeInstanceOf(MeshLambertMaterial)
  expect(surface.map?.colorSpace).toBe(SRGBColorSpace)
  expect(surface.normalMap?.colorSpace).toBe('')
  expect(surface.normalMap?.flipY).toBe(false)
  expect(surface.normalScale.toArray()).toEqual([1, -1])
  expect(decoded.map(({ width, conversion }) => [width, conversion])).toEqual([
    [128, 'default'],
    [64, 'none']
  ])
})

test('a glossy surface gets its metal and roughness, factors and maps', async () => {
  const gloss = { metallicFactor: 0.25, roughnessFactor: 0.5, metallicRoughnessTexture: { index: 2 } }
  const surface = (await surfaceOf(pictured(gloss), plenty())) as MeshStandardMaterial
  expect(surface).toBeInstanceOf(MeshStandardMaterial)
  expect([surface.metalness, surface.roughness]).toEqual([0.25, 0.5])
  expect(surface.roughnessMap).toBe(surface.metalnessMap)
  expect(surface.roughnessMap?.image).toMatchObject({ width: 32 })
  expect(surface.normalMap?.image).toMatchObject({ width: 64 })
})

test('a normal map that does not fit into memory is left out, and freed', async () => {
  const purse = { left_bytes: 128 * 128 * 6 }
  const surface = await surfaceOf(pictured(), purse)
  expect(surface.map?.image).toMatchObject({ width: 128 })
  expect(surface.normalMap).toBeNull()
  expect(decoded.map(({ closed }) => closed)).toEqual([false, true])
  expect(purse.left_bytes).toBeGreaterThan(0)
})

test('what pictures take is taken from the purse, so that the next model knows', async () => {
  const purse = plenty()
  await surfaceOf(pictured(), purse)
  expect((1 << 30) - purse.left_bytes).toBeCloseTo(((128 * 128 + 64 * 64) * 16) / 3, 3)
})

test('points are shown as points, as large as they stand apart', async () => {
  const primitives = [{ attributes: { POSITION: 0 }, material: 0, mode: 0 }]
  for (const [extras, size, sizeAttenuation] of [
    [{ spacing_m: 0.5 }, 1.5, true],
    [undefined, 3, false]
  ] as const) {
    const model = await readGlb(triangle({ meshes: [{ primitives, extras }] }), plenty())
    const points = model.children[0]?.children[0] as Points<never, PointsMaterial>
    expect(points).toBeInstanceOf(Points)
    expect(points.material).toMatchObject({ size, sizeAttenuation, vertexColors: false })
    expect(points.material.color.toArray()).toEqual([0.5, 0.25, 0.125])
    expect(new Box3().setFromObject(model).max.toArray()).toEqual([1, 3, 3])
  }
})
