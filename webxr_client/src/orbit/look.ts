/**
 * The first look at a scene: its coarsest model, drawn still and without three, which weighs more than all else together
 * and is on its way meanwhile. The stage then takes over with the same view.
 */
import { fileOf } from '../capability'
import type { Device } from '../device'
import { firstPlace, shareOf, sharesAt } from '../eras'
import type { Point3, SceneDocument } from '../wire'
import { SUN_FROM } from './daylight'
import { type Fetched, fetchBytes } from './file'
import { directionOf, type Extent, fitDistance } from './frame'
import { isMatt, type Material, type Model, openGlb, POINTS, type Primitive } from './gltf'
import {
  type Covered,
  extentOfAll,
  FIRST_ABOVE_DEG,
  FIRST_AROUND_DEG,
  FOV_DEG,
  facingDeg,
  freeLens,
  freeShare,
  type Placing,
  pixelRatio,
  placingsOf,
  raisedPx
} from './layout'
import { compose, forNormals, lookAt, type Matrix4, multiply, project, unit } from './matrix4'
import { openPainter, type Painter, type Part } from './painter'

export interface LookOptions {
  device: Device
  signal: AbortSignal
  /** How much of the view the page covers. */
  covered: Covered
  /** The direction towards the sun (x east, y up, z south); null where it shows the model best. */
  sun: Point3 | null
  onBytes: (bytes: number) => void
}

/** What stands in the container until it is taken away, and the file of it. */
export interface Look {
  readonly file: Fetched
  remove: () => void
}

/** Draw it; null when it needs more than is drawn here, or cannot be had: the stage then says what is amiss. */
export async function showLook(
  container: HTMLElement,
  scene: SceneDocument,
  options: LookOptions
): Promise<Look | null> {
  const placings = placingsOf(scene)
  const extent = extentOfAll(placings)
  const first = firstSeen(scene, placings)
  const lod = first?.node.lods.at(-1)
  if (extent === null || first === undefined || lod === undefined) return null
  const canvas = makeCanvas(container.ownerDocument)
  const painter = openPainter(canvas)
  if (painter === null) return null
  const { url } = fileOf(lod, options.device)
  let data: ArrayBuffer
  try {
    data = await fetchBytes(url, options.signal, options.onBytes)
    const parts = await partsOf(await openGlb(data), first, painter.largest_px)
    if (parts === null || options.signal.aborted) throw new Error('not to be drawn here')
    for (const part of parts) painter.add(part)
    for (const { picture } of parts) picture?.close()
  } catch {
    painter.dispose()
    return null
  }
  container.append(canvas)
  const around_deg = facingDeg(scene) + FIRST_AROUND_DEG
  const draw = (): void => drawInto(canvas, painter, eyeOf(extent, around_deg, canvas, options.covered), options.sun)
  const watcher = new ResizeObserver(draw)
  draw()
  performance.mark('first-look')
  watcher.observe(canvas)
  return {
    file: { url, data },
    remove() {
      watcher.disconnect()
      canvas.remove()
      painter.dispose()
    }
  }
}

/** Of the models that are seen at first, the one that the stage loads first. */
function firstSeen(scene: SceneDocument, placings: readonly Placing[]): Placing | undefined {
  const shares = scene.eras.length > 1 ? sharesAt(scene.eras, firstPlace(scene)) : null
  return placings.find(({ node }) => shareOf(node, shares) > 0)
}

function makeCanvas(page: Document): HTMLCanvasElement {
  const canvas = page.createElement('canvas')
  canvas.className = 'look'
  canvas.setAttribute('aria-hidden', 'true')
  return canvas
}

function drawInto(canvas: HTMLCanvasElement, painter: Painter, eye: Matrix4, sun: Point3 | null): void {
  canvas.width = Math.round(canvas.clientWidth * pixelRatio())
  canvas.height = Math.round(canvas.clientHeight * pixelRatio())
  painter.draw(eye, unit(sun ?? SUN_FROM))
}

/** The orbit view's first eye. */
function eyeOf(extent: Extent, around_deg: number, { clientWidth, clientHeight }: Element, covered: Covered): Matrix4 {
  const direction = directionOf(around_deg, FIRST_ABOVE_DEG)
  const aspect = clientWidth / clientHeight
  const away_m = fitDistance(extent, direction, freeLens(aspect, freeShare(clientHeight, covered)))
  const [x, y, z] = extent.middle
  const at: Point3 = [x + direction[0] * away_m, y + direction[1] * away_m, z + direction[2] * away_m]
  const raised = raisedPx(covered) / clientHeight
  const far_m = away_m + 8 * extent.radius_m
  return multiply(project(FOV_DEG, aspect, raised, extent.radius_m / 100, far_m), lookAt(at, extent.middle))
}

/** What is to be drawn of a model where it stands; null when some of it is points or glossy, or has no normals. */
async function partsOf(model: Model, { position, quaternion }: Placing, largest_px: number): Promise<Part[] | null> {
  const pictures = await Promise.all(model.materials.map((material) => pictureOf(model, material)))
  if (pictures.some((picture) => picture !== null && Math.max(picture.width, picture.height) > largest_px)) return null
  const parts: (Part | null)[] = []
  const visit = (index: number, above: Matrix4): void => {
    const { mesh, children, ...node } = model.node(index)
    const matrix = multiply(above, node.matrix ?? compose(node.translation, node.rotation, node.scale))
    const primitives = mesh === undefined ? [] : model.mesh(mesh).primitives
    for (const primitive of primitives) parts.push(partOf(model, primitive, matrix, pictures))
    for (const child of children ?? []) visit(child, matrix)
  }
  for (const root of model.roots) visit(root, compose(position, quaternion))
  return parts.every((part) => part !== null) ? parts : null
}

function partOf(
  model: Model,
  { attributes, indices, material = 0, mode }: Primitive,
  matrix: Matrix4,
  pictures: readonly (ImageBitmap | null)[]
): Part | null {
  const surface = model.materials[material]
  const numbers = (accessor: number | undefined) => (accessor === undefined ? null : model.numbers(accessor))
  const [position, normal] = [numbers(attributes['POSITION']), numbers(attributes['NORMAL'])]
  if (mode === POINTS || surface === undefined || !isMatt(surface) || position === null || normal === null) return null
  return {
    position,
    normal,
    uv: numbers(attributes['TEXCOORD_0']),
    color: numbers(attributes['COLOR_0']),
    index: numbers(indices),
    matrix,
    turn: forNormals(matrix),
    base: surface.pbrMetallicRoughness?.baseColorFactor?.slice(0, 3) ?? [1, 1, 1],
    picture: pictures[material] ?? null,
    doubleSided: surface.doubleSided ?? false
  }
}

async function pictureOf(model: Model, { pbrMetallicRoughness: look }: Material): Promise<ImageBitmap | null> {
  if (look?.baseColorTexture === undefined) return null
  return createImageBitmap(model.picture(look.baseColorTexture))
}
