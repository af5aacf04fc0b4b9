/**
 * Reads a level of a package: the glTF that our pipeline writes, and no more of glTF than that.
 * three's own loader knows everything glTF can be, and weighs more than half of this whole client without three.
 * Sources: glTF 2.0; KHR_mesh_quantization; EXT_meshopt_compression; EXT_texture_webp; EXT_texture_avif.
 */
import {
  BufferAttribute,
  BufferGeometry,
  type Color,
  DoubleSide,
  FrontSide,
  Group,
  InterleavedBuffer,
  InterleavedBufferAttribute,
  Matrix4,
  Mesh,
  MeshLambertMaterial,
  type MeshStandardMaterial,
  Points,
  PointsMaterial,
  type Texture
} from 'three'
import { MeshoptDecoder } from 'three/examples/jsm/libs/meshopt_decoder.module.js'
import { type Purse, readPicture } from './pictures'

interface Packed {
  byteOffset?: number
  byteLength: number
  byteStride: number
  count: number
  mode: 'ATTRIBUTES' | 'TRIANGLES' | 'INDICES'
  filter?: 'NONE' | 'OCTAHEDRAL' | 'QUATERNION' | 'EXPONENTIAL'
}

interface BufferView {
  byteOffset?: number
  byteLength: number
  byteStride?: number
  extensions?: { EXT_meshopt_compression?: Packed }
}

interface Accessor {
  bufferView: number
  byteOffset?: number
  componentType: number
  count: number
  type: 'SCALAR' | 'VEC2' | 'VEC3' | 'VEC4'
  normalized?: boolean
}

interface Map {
  index: number
}

interface Material {
  doubleSided?: boolean
  normalTexture?: Map & { scale?: number }
  pbrMetallicRoughness?: {
    baseColorFactor?: number[]
    baseColorTexture?: Map
    metallicFactor?: number
    roughnessFactor?: number
    metallicRoughnessTexture?: Map
  }
}

interface Node {
  mesh?: number
  children?: number[]
  matrix?: number[]
  translation?: [number, number, number]
  rotation?: [number, number, number, number]
  scale?: [number, number, number]
}

interface Gltf {
  extensionsRequired?: string[]
  scene?: number
  scenes: { nodes: number[] }[]
  nodes: Node[]
  meshes: {
    primitives: { attributes: Record<string, number>; indices?: number; material?: number; mode?: number }[]
    extras?: { spacing_m?: number }
  }[]
  materials?: Material[]
  textures?: { source?: number; extensions?: Record<string, { source: number }> }[]
  images?: { bufferView: number; mimeType: string }[]
  accessors: Accessor[]
  bufferViews: BufferView[]
}

interface Glb {
  json: Gltf
  binary: Uint8Array<ArrayBuffer>
}

type NumberArray =
  | typeof Int8Array
  | typeof Uint8Array
  | typeof Int16Array
  | typeof Uint16Array
  | typeof Uint32Array
  | typeof Float32Array

const MAGIC = 0x46546c67
const JSON_CHUNK = 0x4e4f534a
const POINTS = 0 // the mode of a primitive that is no triangles
const POINT_SPACINGS = 3 // three leaves the lens out of a point's size: this much lets neighbours touch
const POINT_PX = 3
const PICTURES = ['EXT_texture_avif', 'EXT_texture_webp']
const KNOWN = ['KHR_mesh_quantization', 'EXT_meshopt_compression', ...PICTURES]
const ARRAYS: Record<number, NumberArray> = {
  5120: Int8Array,
  5121: Uint8Array,
  5122: Int16Array,
  5123: Uint16Array,
  5125: Uint32Array,
  5126: Float32Array
}
const WIDTHS = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 } as const
const NAMES: Record<string, string> = { POSITION: 'position', NORMAL: 'normal', TEXCOORD_0: 'uv', COLOR_0: 'color' }

/** The model in a GLB file, its pictures paid from the purse. Throws an Error that says what is not as our pipeline writes it. */
export async function readGlb(data: ArrayBuffer, purse: Purse): Promise<Group> {
  const glb = split(data)
  const foreign = (glb.json.extensionsRequired ?? []).filter((name) => !KNOWN.includes(name))
  if (foreign.length > 0) throw new Error(`this GLB needs ${foreign.join(', ')}, which is not read here`)
  await MeshoptDecoder.ready
  const views = glb.json.bufferViews.map((view) => unpack(view, glb.binary))
  const source: Source = { glb, views, materials: [] }
  for (const material of glb.json.materials ?? [{}]) source.materials.push(await makeMaterial(material, source, purse))
  const root = new Group()
  for (const index of glb.json.scenes[glb.json.scene ?? 0]?.nodes ?? []) addNode(index, root, source)
  return root
}

type Surface = MeshLambertMaterial | MeshStandardMaterial

interface Source {
  glb: Glb
  views: Uint8Array<ArrayBuffer>[]
  materials: Surface[]
}

function get<T>(list: readonly T[] | undefined, index: number, what: string): T {
  const item = list?.[index]
  if (item === undefined) throw new Error(`this GLB names ${what} ${index}, which it does not hold`)
  return item
}

function split(data: ArrayBuffer): Glb {
  const view = new DataView(data)
  if (data.byteLength < 20 || view.getUint32(0, true) !== MAGIC || view.getUint32(16, true) !== JSON_CHUNK) {
    throw new Error('this is not a GLB file')
  }
  const jsonBytes = view.getUint32(12, true)
  const json = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 20, jsonBytes))) as Gltf
  return { json, binary: new Uint8Array(data, 28 + jsonBytes, view.getUint32(20 + jsonBytes, true)) }
}

function unpack(view: BufferView, binary: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const packed = view.extensions?.EXT_meshopt_compression
  const { byteOffset = 0, byteLength } = packed ?? view
  const bytes = binary.subarray(byteOffset, byteOffset + byteLength)
  if (packed === undefined) return bytes
  const target = new Uint8Array(packed.count * packed.byteStride)
  MeshoptDecoder.decodeGltfBuffer(target, packed.count, packed.byteStride, bytes, packed.mode, packed.filter)
  return target
}

function addNode(index: number, parent: Group, source: Source): void {
  const node = get(source.glb.json.nodes, index, 'node')
  const group = new Group()
  if (node.matrix !== undefined) group.applyMatrix4(new Matrix4().fromArray(node.matrix))
  if (node.translation !== undefined) group.position.fromArray(node.translation)
  if (node.rotation !== undefined) group.quaternion.fromArray(node.rotation)
  if (node.scale !== undefined) group.scale.fromArray(node.scale)
  if (node.mesh !== undefined) addMesh(node.mesh, group, source)
  for (const child of node.children ?? []) addNode(child, group, source)
  parent.add(group)
}

function addMesh(index: number, group: Group, source: Source): void {
  const { primitives, extras } = get(source.glb.json.meshes, index, 'mesh')
  for (const { attributes, indices, material, mode } of primitives) {
    const geometry = new BufferGeometry()
    for (const [name, accessor] of Object.entries(attributes)) {
      geometry.setAttribute(NAMES[name] ?? name.toLowerCase(), readAccessor(accessor, source))
    }
    if (indices !== undefined) geometry.setIndex(readAccessor(indices, source) as BufferAttribute)
    const surface = get(source.materials, material ?? 0, 'material')
    if (mode === POINTS) {
      group.add(makePoints(geometry, surface.color, extras?.spacing_m ?? 0))
      continue
    }
    surface.vertexColors = geometry.hasAttribute('color')
    const mesh = new Mesh(geometry, surface)
    mesh.castShadow = true
    group.add(mesh)
  }
}

/** Points as squares that grow with nearness, so that neighbours touch; where the scan does not say, of a few pixels. */
function makePoints(geometry: BufferGeometry, color: Color, spacing_m: number): Points {
  const sizeAttenuation = spacing_m > 0
  const size = sizeAttenuation ? POINT_SPACINGS * spacing_m : POINT_PX
  return new Points(
    geometry,
    new PointsMaterial({ color, size, sizeAttenuation, vertexColors: geometry.hasAttribute('color') })
  )
}

function readAccessor(index: number, { glb, views }: Source): BufferAttribute | InterleavedBufferAttribute {
  const accessor = get(glb.json.accessors, index, 'accessor')
  const view = get(glb.json.bufferViews, accessor.bufferView, 'view')
  const bytes = get(views, accessor.bufferView, 'view')
  const Values = ARRAYS[accessor.componentType]
  if (Values === undefined) throw new Error(`this GLB has numbers of type ${accessor.componentType}`)
  const width = WIDTHS[accessor.type]
  const size = Values.BYTES_PER_ELEMENT
  const stride = view.extensions?.EXT_meshopt_compression?.byteStride ?? view.byteStride ?? size * width
  const start = bytes.byteOffset + (accessor.byteOffset ?? 0)
  const normalized = accessor.normalized ?? false
  if (stride === size * width) {
    return new BufferAttribute(new Values(bytes.buffer, start, accessor.count * width), width, normalized)
  }
  const rows = new InterleavedBuffer(new Values(bytes.buffer, start, (accessor.count * stride) / size), stride / size)
  return new InterleavedBufferAttribute(rows, width, 0, normalized)
}

/**
 * Scanned surfaces are mostly matt: the light on them needs no more than Lambert's law, at half the cost on a phone.
 * What is glossy or metal gets the whole material, whose shaders are loaded only then.
 */
async function makeMaterial(material: Material, source: Source, purse: Purse): Promise<Surface> {
  const { metallicFactor = 1, roughnessFactor = 1, ...look } = material.pbrMetallicRoughness ?? { metallicFactor: 0 }
  const matt = metallicFactor === 0 && roughnessFactor === 1 && look.metallicRoughnessTexture === undefined
  const surface = matt
    ? new MeshLambertMaterial()
    : (await import('./gloss')).makeGlossy(metallicFactor, roughnessFactor)
  surface.side = material.doubleSided ? DoubleSide : FrontSide
  const [red = 1, green = 1, blue = 1] = look.baseColorFactor ?? []
  surface.color.setRGB(red, green, blue)
  const read = (map: Map | undefined, colour: boolean): Promise<Texture | null> => readMap(map, colour, source, purse)
  surface.map = await read(look.baseColorTexture, true)
  surface.normalMap = await read(material.normalTexture, false)
  const scale = material.normalTexture?.scale ?? 1
  surface.normalScale.set(scale, -scale) // green is up, while texture coordinates run down
  if ('roughnessMap' in surface) {
    surface.roughnessMap = surface.metalnessMap = await read(look.metallicRoughnessTexture, false)
  }
  return surface
}

async function readMap(map: Map | undefined, colour: boolean, source: Source, purse: Purse): Promise<Texture | null> {
  if (map === undefined) return null
  const { json } = source.glb
  const { source: core, extensions } = get(json.textures, map.index, 'texture')
  const named = PICTURES.map((name) => extensions?.[name]?.source).find((index) => index !== undefined)
  const image = get(json.images, named ?? core ?? -1, 'image')
  const bytes = get(source.views, image.bufferView, 'view')
  return readPicture(new Blob([bytes], { type: image.mimeType }), colour, purse)
}
