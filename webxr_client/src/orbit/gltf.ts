/**
 * Reads the glTF that our pipeline writes into plain numbers, and no more of glTF than that; what draws it takes them from
 * here. three's own loader knows everything glTF can be, and weighs more than half of this whole client without three.
 * Sources: glTF 2.0; KHR_mesh_quantization; EXT_meshopt_compression; EXT_texture_webp; EXT_texture_avif.
 */
import { MeshoptDecoder } from 'three/examples/jsm/libs/meshopt_decoder.module.js'

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

/** A reference to a texture. */
export interface TextureInfo {
  index: number
}

export interface Material {
  doubleSided?: boolean
  normalTexture?: TextureInfo & { scale?: number }
  pbrMetallicRoughness?: {
    baseColorFactor?: number[]
    baseColorTexture?: TextureInfo
    metallicFactor?: number
    roughnessFactor?: number
    metallicRoughnessTexture?: TextureInfo
  }
}

export interface Node {
  mesh?: number
  children?: number[]
  matrix?: number[]
  translation?: [number, number, number]
  rotation?: [number, number, number, number]
  scale?: [number, number, number]
}

export interface Primitive {
  attributes: Record<string, number>
  indices?: number
  material?: number
  mode?: number
}

export interface Mesh {
  primitives: Primitive[]
  extras?: { spacing_m?: number }
}

interface Gltf {
  extensionsRequired?: string[]
  scene?: number
  scenes: { nodes: number[] }[]
  nodes: Node[]
  meshes: Mesh[]
  materials?: Material[]
  textures?: { source?: number; extensions?: Record<string, { source: number }> }[]
  images?: { bufferView: number; mimeType: string }[]
  accessors: Accessor[]
  bufferViews: BufferView[]
}

type NumberArray =
  | typeof Int8Array
  | typeof Uint8Array
  | typeof Int16Array
  | typeof Uint16Array
  | typeof Uint32Array
  | typeof Float32Array

/** What an accessor holds: `count` rows of `width` numbers, each row `stride` numbers after the one before. */
export interface Numbers {
  array: InstanceType<NumberArray>
  width: number
  stride: number
  normalized: boolean
}

/** The parts of a file; what names one that is not there throws an Error. */
export interface Model {
  readonly materials: readonly Material[]
  /** The nodes on top. */
  readonly roots: readonly number[]
  node: (index: number) => Node
  mesh: (index: number) => Mesh
  numbers: (accessor: number) => Numbers
  /** The file of a picture, of the formats it comes in the smallest. */
  picture: (texture: TextureInfo) => Blob
}

/** The mode of a primitive that is no triangles. */
export const POINTS = 0
const MAGIC = 0x46546c67
const JSON_CHUNK = 0x4e4f534a
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

/** The model in a GLB file, unpacked. Throws an Error that says what is not as our pipeline writes it. */
export async function openGlb(data: ArrayBuffer): Promise<Model> {
  const { json, binary } = split(data)
  const foreign = (json.extensionsRequired ?? []).filter((name) => !KNOWN.includes(name))
  if (foreign.length > 0) throw new Error(`this GLB needs ${foreign.join(', ')}, which is not read here`)
  await MeshoptDecoder.ready
  const views = json.bufferViews.map((view) => unpack(view, binary))
  return {
    materials: json.materials ?? [{}],
    roots: json.scenes[json.scene ?? 0]?.nodes ?? [],
    node: (index) => get(json.nodes, index, 'node'),
    mesh: (index) => get(json.meshes, index, 'mesh'),
    numbers: (accessor) => readNumbers(get(json.accessors, accessor, 'accessor'), json.bufferViews, views),
    picture({ index }) {
      const { source, extensions } = get(json.textures, index, 'texture')
      const named = PICTURES.map((name) => extensions?.[name]?.source).find((image) => image !== undefined)
      const { bufferView, mimeType } = get(json.images, named ?? source ?? -1, 'image')
      return new Blob([get(views, bufferView, 'view')], { type: mimeType })
    }
  }
}

/** Scanned surfaces are mostly matt: the light on them needs no more than Lambert's law. */
export function isMatt({ pbrMetallicRoughness: look }: Material): boolean {
  const { metallicFactor = 1, roughnessFactor = 1, metallicRoughnessTexture } = look ?? { metallicFactor: 0 }
  return metallicFactor === 0 && roughnessFactor === 1 && metallicRoughnessTexture === undefined
}

function get<T>(list: readonly T[] | undefined, index: number, what: string): T {
  const item = list?.[index]
  if (item === undefined) throw new Error(`this GLB names ${what} ${index}, which it does not hold`)
  return item
}

function split(data: ArrayBuffer): { json: Gltf; binary: Uint8Array<ArrayBuffer> } {
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

function readNumbers(accessor: Accessor, bufferViews: readonly BufferView[], views: readonly Uint8Array[]): Numbers {
  const view = get(bufferViews, accessor.bufferView, 'view')
  const bytes = get(views, accessor.bufferView, 'view')
  const Values = ARRAYS[accessor.componentType]
  if (Values === undefined) throw new Error(`this GLB has numbers of type ${accessor.componentType}`)
  const width = WIDTHS[accessor.type]
  const size = Values.BYTES_PER_ELEMENT
  const stride = (view.extensions?.EXT_meshopt_compression?.byteStride ?? view.byteStride ?? size * width) / size
  const start = bytes.byteOffset + (accessor.byteOffset ?? 0)
  return {
    array: new Values(bytes.buffer as ArrayBuffer, start, accessor.count * stride),
    width,
    stride,
    normalized: accessor.normalized ?? false
  }
}
