/** A level of a package as three draws it. */
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
import { isMatt, type Material, type Model, type Numbers, openGlb, POINTS, type TextureInfo } from './gltf'
import { type Purse, readPicture } from './pictures'

const POINT_SPACINGS = 3 // three leaves the lens out of a point's size: this much lets neighbours touch
const POINT_PX = 3
const NAMES: Record<string, string> = { POSITION: 'position', NORMAL: 'normal', TEXCOORD_0: 'uv', COLOR_0: 'color' }

/** The model in a GLB file, its pictures paid from the purse. Throws an Error that says what is not as our pipeline writes it. */
export async function readGlb(data: ArrayBuffer, purse: Purse): Promise<Group> {
  const source: Source = { model: await openGlb(data), surfaces: [] }
  for (const material of source.model.materials) source.surfaces.push(await makeSurface(material, source.model, purse))
  const root = new Group()
  for (const index of source.model.roots) addNode(index, root, source)
  return root
}

type Surface = MeshLambertMaterial | MeshStandardMaterial

interface Source {
  model: Model
  surfaces: Surface[]
}

function addNode(index: number, parent: Group, source: Source): void {
  const node = source.model.node(index)
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
  const { primitives, extras } = source.model.mesh(index)
  for (const { attributes, indices, material, mode } of primitives) {
    const geometry = new BufferGeometry()
    for (const [name, accessor] of Object.entries(attributes)) {
      geometry.setAttribute(NAMES[name] ?? name.toLowerCase(), toAttribute(source.model.numbers(accessor)))
    }
    if (indices !== undefined) geometry.setIndex(toAttribute(source.model.numbers(indices)) as BufferAttribute)
    const surface = source.surfaces[material ?? 0]
    if (surface === undefined) throw new Error(`this GLB names material ${material}, which it does not hold`)
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

function toAttribute({ array, width, stride, normalized }: Numbers): BufferAttribute | InterleavedBufferAttribute {
  if (stride === width) return new BufferAttribute(array, width, normalized)
  return new InterleavedBufferAttribute(new InterleavedBuffer(array, stride), width, 0, normalized)
}

/** Lambert's law costs a phone half of the whole material; that one's shaders are loaded only for what is glossy or metal. */
async function makeSurface(material: Material, model: Model, purse: Purse): Promise<Surface> {
  const look = material.pbrMetallicRoughness ?? {}
  const surface = isMatt(material)
    ? new MeshLambertMaterial()
    : (await import('./gloss')).makeGlossy(look.metallicFactor ?? 1, look.roughnessFactor ?? 1)
  surface.side = material.doubleSided ? DoubleSide : FrontSide
  const [red = 1, green = 1, blue = 1] = look.baseColorFactor ?? []
  surface.color.setRGB(red, green, blue)
  const read = async (map: TextureInfo | undefined, colour: boolean): Promise<Texture | null> =>
    map === undefined ? null : readPicture(model.picture(map), colour, purse)
  surface.map = await read(look.baseColorTexture, true)
  surface.normalMap = await read(material.normalTexture, false)
  const scale = material.normalTexture?.scale ?? 1
  surface.normalScale.set(scale, -scale) // green is up, while texture coordinates run down
  if ('roughnessMap' in surface) {
    surface.roughnessMap = surface.metalnessMap = await read(look.metallicRoughnessTexture, false)
  }
  return surface
}
