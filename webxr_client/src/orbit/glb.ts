/**
 * Reads a level of a package: the glTF that our pipeline writes, and no more of glTF than that.
 * three's own loader knows everything glTF can be, and weighs more than half of this whole client without three.
 * Sources: glTF 2.0; KHR_mesh_quantization; EXT_meshopt_compression; EXT_texture_webp.
 */
import {
  BufferAttribute,
  BufferGeometry,
  DoubleSide,
  FrontSide,
  Group,
  InterleavedBuffer,
  InterleavedBufferAttribute,
  Matrix4,
  Mesh,
  MeshLambertMaterial,
  RepeatWrapping,
  SRGBColorSpace,
  Texture
} from 'three'
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

interface Material {
  doubleSided?: boolean
  pbrMetallicRoughness?: { baseColorFactor?: number[]; baseColorTexture?: { index: number } }
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
  meshes: { primitives: { attributes: Record<string, number>; indices?: number; material?: number }[] }[]
  materials?: Material[]
  textures?: { source?: number; extensions?: { EXT_texture_webp?: { source: number } } }[]
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
const KNOWN = ['KHR_mesh_quantization', 'EXT_meshopt_compression', 'EXT_texture_webp']
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

/** The model in a GLB file. Throws an Error that says what is not as our pipeline writes it. */
export async function readGlb(data: ArrayBuffer): Promise<Group> {
  const glb = split(data)
  const foreign = (glb.json.extensionsRequired ?? []).filter((name) => !KNOWN.includes(name))
  if (foreign.length > 0) throw new Error(`this GLB needs ${foreign.join(', ')}, which is not read here`)
  await MeshoptDecoder.ready
  const views = glb.json.bufferViews.map((view) => unpack(view, glb.binary))
  const textures = await Promise.all((glb.json.textures ?? []).map((_, index) => readTexture(glb.json, index, views)))
  const root = new Group()
  for (const index of glb.json.scenes[glb.json.scene ?? 0]?.nodes ?? []) addNode(index, root, { glb, views, textures })
  return root
}

interface Source {
  glb: Glb
  views: Uint8Array<ArrayBuffer>[]
  textures: Texture[]
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

async function readTexture(json: Gltf, index: number, views: Uint8Array<ArrayBuffer>[]): Promise<Texture> {
  const { source, extensions } = get(json.textures, index, 'texture')
  const image = get(json.images, extensions?.EXT_texture_webp?.source ?? source ?? -1, 'image')
  const picture = await createImageBitmap(new Blob([get(views, image.bufferView, 'view')], { type: image.mimeType }))
  const texture = new Texture(picture)
  texture.flipY = false
  texture.colorSpace = SRGBColorSpace
  texture.wrapS = texture.wrapT = RepeatWrapping
  texture.anisotropy = 4 // walls are mostly seen at a slant
  texture.needsUpdate = true
  return texture
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
  for (const { attributes, indices, material } of get(source.glb.json.meshes, index, 'mesh').primitives) {
    const geometry = new BufferGeometry()
    for (const [name, accessor] of Object.entries(attributes)) {
      geometry.setAttribute(NAMES[name] ?? name.toLowerCase(), readAccessor(accessor, source))
    }
    if (indices !== undefined) geometry.setIndex(readAccessor(indices, source) as BufferAttribute)
    const mesh = new Mesh(geometry, makeMaterial(material, geometry.hasAttribute('color'), source))
    mesh.castShadow = true
    group.add(mesh)
  }
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

/** Scanned surfaces are matt: the light on them needs no more than Lambert's law, at half the cost on a phone. */
function makeMaterial(index: number | undefined, coloured: boolean, source: Source): MeshLambertMaterial {
  const { doubleSided, pbrMetallicRoughness }: Material =
    index === undefined ? {} : get(source.glb.json.materials, index, 'material')
  const material = new MeshLambertMaterial({ vertexColors: coloured, side: doubleSided ? DoubleSide : FrontSide })
  const [red = 1, green = 1, blue = 1] = pbrMetallicRoughness?.baseColorFactor ?? []
  material.color.setRGB(red, green, blue)
  const map = pbrMetallicRoughness?.baseColorTexture?.index
  if (map !== undefined) material.map = get(source.textures, map, 'texture')
  return material
}
