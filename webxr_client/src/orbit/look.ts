/**
 * The first look at a scene: its coarsest model, drawn still and without three, which weighs more than all else together
 * and is on its way meanwhile. The stage then takes over with the same view.
 */
import { fileOf, pictureBudget } from '../capability'
import type { Device } from '../device'
import { firstPlace, shareOf, sharesAt } from '../eras'
import type { ModelFile, Point3, SceneDocument } from '../wire'
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
  gpuBytes,
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
  /** What the view shows, read out by a screen reader. */
  label: string
  /** How much of the view the page covers; asked whenever it is drawn. */
  covered: () => Covered
  /** The direction towards the sun (x east, y up, z south); null where it shows the model best. */
  sun: Point3 | null
  onBytes: (loaded_bytes: number, total_bytes: number) => void
}

/** What came of it: the model's file, and whether it stands in the container, until it is taken away. */
export interface Look {
  readonly file: Fetched
  readonly drawn: boolean
  remove: () => void
}

/** Draw it. Null when its file cannot be had: the stage says why; nothing is drawn of what only the stage can draw. */
export async function showLook(
  container: HTMLElement,
  scene: SceneDocument,
  options: LookOptions
): Promise<Look | null> {
  const placings = placingsOf(scene)
  const first = firstSeen(scene, placings)
  const lod = first?.node.lods.at(-1)
  if (first === undefined || lod === undefined) return null
  const canvas = makeCanvas(container.ownerDocument, options.label)
  const painter = openPainter(canvas)
  const file = painter === null ? null : await fetchFile(fileOf(lod, options.device), options)
  if (painter === null || file === null) {
    painter?.dispose()
    return null
  }
  const drawn = await upload(painter, file.data, first, options)
  if (!drawn) {
    painter.dispose()
    return { file, drawn, remove: () => undefined }
  }
  container.append(canvas)
  const watcher = keepDrawn(canvas, painter, scene, extentOfAll(placings), options)
  performance.mark('first-look')
  return {
    file,
    drawn,
    remove() {
      watcher.disconnect()
      canvas.remove()
      painter.dispose()
    }
  }
}

async function fetchFile({ url, bytes }: ModelFile, { signal, onBytes }: LookOptions): Promise<Fetched | null> {
  let loaded = 0
  try {
    const data = await fetchBytes(url, signal, (more) => {
      loaded += more
      onBytes(loaded, bytes)
    })
    return { url, data }
  } catch {
    return null
  }
}

/** Hand the model to the graphics card; false when this draws less than all of it, or it would take too much there. */
async function upload(
  painter: Painter,
  data: ArrayBuffer,
  placing: Placing,
  { device, signal }: LookOptions
): Promise<boolean> {
  let pictures: (ImageBitmap | null)[] = []
  try {
    const model = await openGlb(data)
    if (!(model.materials.every(isMatt) && painter.isReady())) return false
    pictures = await Promise.all(model.materials.map((material) => pictureOf(model, material)))
    const parts = partsOf(model, placing, pictures)
    if (parts === null || signal.aborted || !fits(pictures, painter, device)) return false
    for (const part of parts) painter.add(part)
    return true
  } catch {
    return false
  } finally {
    for (const picture of pictures) picture?.close()
  }
}

function fits(pictures: readonly (ImageBitmap | null)[], { largest_px }: Painter, device: Device): boolean {
  const known = pictures.filter((picture) => picture !== null)
  const taken = known.reduce((sum, picture) => sum + gpuBytes(picture), 0)
  const large = known.some(({ width, height }) => Math.max(width, height) > largest_px)
  return !large && taken <= pictureBudget(device)
}

/** Draw now, and anew whenever the canvas gets another size. */
function keepDrawn(
  canvas: HTMLCanvasElement,
  painter: Painter,
  scene: SceneDocument,
  extent: Extent | null,
  { covered, sun }: LookOptions
): ResizeObserver {
  const around_deg = facingDeg(scene) + FIRST_AROUND_DEG
  const draw = (): void => {
    const width = Math.round(canvas.clientWidth * pixelRatio())
    const height = Math.round(canvas.clientHeight * pixelRatio())
    if (extent === null || width === 0 || height === 0 || (canvas.width === width && canvas.height === height)) return
    Object.assign(canvas, { width, height })
    painter.draw(eyeOf(extent, around_deg, canvas, covered()), unit(sun ?? SUN_FROM))
  }
  draw()
  const watcher = new ResizeObserver(draw)
  watcher.observe(canvas)
  return watcher
}

/** Of the models that are seen at first, the one that the stage loads first. */
function firstSeen(scene: SceneDocument, placings: readonly Placing[]): Placing | undefined {
  const shares = scene.eras.length > 1 ? sharesAt(scene.eras, firstPlace(scene)) : null
  return placings.find(({ node }) => shareOf(node, shares) > 0)
}

function makeCanvas(page: Document, label: string): HTMLCanvasElement {
  const canvas = page.createElement('canvas')
  canvas.className = 'look'
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', label)
  return canvas
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

/** What is to be drawn of a model where it stands; null when some of it is points, or has no normals. */
function partsOf(
  model: Model,
  { position, quaternion }: Placing,
  pictures: readonly (ImageBitmap | null)[]
): Part[] | null {
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
  if (mode === POINTS || surface === undefined || position === null || normal === null) return null
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
