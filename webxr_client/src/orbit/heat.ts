/** A model as it looks, as bare clay, or in the colours of how far it is from another. */
import {
  BufferAttribute,
  type BufferGeometry,
  Color,
  DoubleSide,
  type Material,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  type Object3D,
  Points,
  PointsMaterial,
  SRGBColorSpace
} from 'three'

export type Mode = 'as-is' | 'clay' | 'heat'

/** A mode, and the scale's colours from near to far as linear red, green, blue in a row; null while nothing was measured. */
export interface Look {
  mode: Mode
  colours: Float32Array | null
}

const CLAY = 0xb9b1a3
const OWN = 'own' // of a mesh, what it came with
const STEPS = 'steps' // of a model, one step of the scale for each of its vertices

type Part = Mesh | Points

interface Own {
  material: Material
  color: ReturnType<BufferGeometry['getAttribute']> | undefined
}

/** The scale's colours (sRGB, 0..255 each) as three takes them. */
export function readColours(colours: readonly (readonly [number, number, number])[]): Float32Array {
  const rows = new Float32Array(colours.length * 3)
  colours.forEach(([red, green, blue], step) => {
    new Color().setRGB(red / 255, green / 255, blue / 255, SRGBColorSpace).toArray(rows, step * 3)
  })
  return rows
}

/** The parts of a model, of triangles or of points, in the order of its file. */
function partsOf(model: Object3D): Part[] {
  const found: Part[] = []
  model.traverse((part) => {
    if (part instanceof Mesh || part instanceof Points) found.push(part)
  })
  return found
}

/** Tell a model how far each of its vertices is; false when there are not as many as it has. */
export function setSteps(model: Object3D, steps: Uint8Array): boolean {
  const count = partsOf(model).reduce((sum, part) => sum + part.geometry.getAttribute('position').count, 0)
  if (count !== steps.length) return false
  model.userData[STEPS] = steps
  return true
}

/** Show a model; one whose distances nobody measured stays as it is in the mode that shows them. */
export function dressModel(model: Object3D, { mode, colours }: Look): void {
  const steps = model.userData[STEPS] as Uint8Array | undefined
  let start = 0
  for (const part of partsOf(model)) {
    const count = part.geometry.getAttribute('position').count
    const own = ownOf(part)
    undress(part, own)
    if (mode === 'clay') {
      part.material = makeClay(own)
    } else if (mode === 'heat' && steps !== undefined && colours !== null) {
      part.geometry.setAttribute('color', paint(steps.subarray(start, start + count), colours))
      part.material = makeHeat(own)
    }
    start += count
  }
}

function makeClay({ material }: Own): Material {
  return material instanceof PointsMaterial
    ? new PointsMaterial({ color: CLAY, ...squareOf(material) })
    : new MeshLambertMaterial({ color: CLAY, side: DoubleSide })
}

/** Unlit and as they are: a shade would be read as a distance. */
function makeHeat({ material }: Own): Material {
  const unlit = { vertexColors: true, toneMapped: false }
  return material instanceof PointsMaterial
    ? new PointsMaterial({ ...unlit, ...squareOf(material) })
    : new MeshBasicMaterial({ ...unlit, side: DoubleSide })
}

/** How large a point is drawn. */
function squareOf({ size, sizeAttenuation }: PointsMaterial): { size: number; sizeAttenuation: boolean } {
  return { size, sizeAttenuation }
}

function ownOf(part: Part): Own {
  const { geometry, userData } = part
  const color = geometry.hasAttribute('color') ? geometry.getAttribute('color') : undefined
  userData[OWN] ??= { material: part.material, color }
  return userData[OWN] as Own
}

function undress(part: Part, own: Own): void {
  if (part.material === own.material) return
  ;(part.material as Material).dispose()
  part.material = own.material
  if (own.color === undefined) part.geometry.deleteAttribute('color')
  else part.geometry.setAttribute('color', own.color)
}

function paint(steps: Uint8Array, colours: Float32Array): BufferAttribute {
  const rows = new Float32Array(steps.length * 3)
  steps.forEach((step, i) => {
    rows.set(colours.subarray(step * 3, step * 3 + 3), i * 3)
  })
  return new BufferAttribute(rows, 3)
}
