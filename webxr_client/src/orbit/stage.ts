/** The 3D view of a scene: three.js in a canvas, turned by finger, mouse or keys, drawn only when something changed. */
import { type PerspectiveCamera, Vector3, type WebGLRenderer } from 'three'
import type { Device } from '../device'
import { firstPlace, sharesAt } from '../eras'
import type { Point3, SceneDocument, SceneNode } from '../wire'
import { createRenderer, makeCanvas } from './canvas'
import type { Fetched, ModelUnavailable } from './file'
import type { Extent } from './frame'
import { findSpot, type HotspotPlace, placeHotspots } from './hotspots'
import { listenForKeys } from './keys'
import { type Covered, FIRST_AROUND_DEG, facingDeg, pixelRatio } from './layout'
import { type Lent, Models, type Placed } from './models'
import { View } from './view'
import { warm } from './warm'
import { aimSun, castShadows, createWorld, disposeWorld, layGround, type World } from './world'

export type { HotspotPlace } from './hotspots'

export interface StageOptions {
  device: Device
  /** What the view shows, read out by a screen reader. */
  label: string
  onProgress?: (loaded_bytes: number, total_bytes: number) => void
  /** A file of the first model that is here already; nobody else keeps it. */
  fetched?: () => Fetched | null
  /** The coarsest level stands there, or (preview false) the picked one. */
  onShown?: (shown: { level: number; preview: boolean }) => void
  /** After the first frame in which something stands. */
  onFirst?: () => void
  /** After every drawn frame in which hotspots moved; the page lays real buttons there. */
  onHotspots?: (places: HotspotPlace[]) => void
  /** The direction towards the sun (x east, y up, z south); null leaves it where it shows the model best. */
  sun?: () => Point3 | null
  /** How much of the view the page covers; asked when it is laid out. */
  covered?: () => Covered
  /** The GPU took the context away (`lost`) and gave it back (`restored`); the stage recovers by itself. */
  onContext?: (state: 'lost' | 'restored') => void
}

/** Why a scene could not be shown; the page has a sentence for each, `stage_` and the code. */
export type StageProblem = 'no_webgl' | ModelUnavailable['problem']

/** Not complete: the coarse level stands there, the picked one could not be had. */
export type Shown = { ok: true; level: number; complete: boolean } | { ok: false; problem: StageProblem }

/** Who shows what was lent. */
export interface Borrower {
  /** It must be drawn again: an era, a level or a colour has changed. */
  onChange: () => void
  /** Through which it is seen: by that models become finer. */
  eye?: PerspectiveCamera
  takePicture?: () => HTMLCanvasElement | null
}

/** The renderer and all models, lent to AR or the magic window; the orbit view rests until `giveBack`. */
export interface Loan extends Lent {
  renderer: WebGLRenderer
  /** The nodes of which something is seen in the era that is shown. */
  seen: () => readonly SceneNode[]
  serve: (borrower: Borrower) => void
  giveBack: () => void
}

/** The renderer and everything that stands, lent to an eye of its own (street, headset); the orbit view rests until `giveBack`. */
export interface WorldLoan {
  renderer: WebGLRenderer
  world: World
  extent: Extent
  /** The compass direction from which the first model is seen from its face, clockwise from -z. */
  facing_deg: number
  giveBack: () => void
}

export interface Stage {
  readonly canvas: HTMLCanvasElement
  /** Load and show a scene, the coarsest level first. A later call abandons an earlier one. */
  show: (scene: SceneDocument) => Promise<Shown>
  /** Show the scene's eras at a place of the slider: 0 the first, 1 the second, 0.3 mostly the first; nodes without an era always. */
  showEra: (place: number) => void
  /** Show models in the colour of how sure they are, or in their own. */
  showGrades: (on: boolean) => void
  /** Lay it out again: the page covers more or less of it. */
  relay: () => void
  /** What is seen now in the free middle, or by whoever borrowed it, as a picture of its own. */
  takePicture: () => HTMLCanvasElement | null
  /** The nodes of which something is seen in the era that is shown. */
  seen: () => readonly SceneNode[]
  /** Turn by degrees (positive: to the right, up) and come nearer (factor < 1) or go away; for buttons. */
  turn: (right_deg: number, up_deg: number) => void
  zoom: (factor: number) => void
  /** Back to the first view. */
  reset: () => void
  /** Turn so that a hotspot faces the viewer. */
  lookAt: (hotspot: string) => void
  /** Lend the renderer and the models to AR or the magic window; null while none stands there or they are lent. */
  lend: () => Loan | null
  /** Lend all that stands; `onChange` hears when it must be drawn again. Null while nothing stands or it is lent. */
  lendWorld: (onChange: () => void) => WorldLoan | null
  dispose: () => void
}

const SETTLE_MS = 400 // a view that moves is not the time to exchange its models

/** A view that fills the container. Throws nothing: without WebGL 2 `show` answers `no_webgl`. */
export function createStage(container: HTMLElement, options: StageOptions): Stage {
  const stage = new OrbitStage(container, options)
  listenForKeys(stage)
  return stage
}

/** The view itself; who composes a scene asks more of it. */
export class OrbitStage implements Stage {
  readonly canvas: HTMLCanvasElement
  private readonly renderer: WebGLRenderer | null
  private readonly world: World = createWorld()
  protected readonly view: View
  private readonly watcher: ResizeObserver
  protected readonly models: Models
  protected scene: SceneDocument | null = null
  private request = 0
  private settling: ReturnType<typeof setTimeout> | undefined
  private progress: StageOptions['onProgress']
  private lent = false
  private borrower: Borrower | null = null
  private extent: Extent | null = null
  private marked = false
  private cool: (() => void) | null = null
  private lastPlaces = ''

  constructor(
    protected readonly container: HTMLElement,
    private readonly options: StageOptions
  ) {
    this.canvas = makeCanvas(container.ownerDocument, options.label)
    container.append(this.canvas)
    this.renderer = options.device.webgl2 ? createRenderer(this.canvas) : null
    this.view = new View(this.canvas, options.device.reducedMotion, () => this.invalidate())
    this.models = new Models(this.world.scene, {
      device: options.device,
      sizeOf: (placed) => this.sizeOf(placed),
      onBytes: (loaded, total) => this.progress?.(loaded, total),
      onStand: () => this.redrawShadow(),
      fetched: () => options.fetched?.() ?? null
    })
    this.watcher = new ResizeObserver(() => this.resize())
    this.watcher.observe(container)
    this.canvas.addEventListener('webglcontextlost', () => options.onContext?.('lost'))
    this.canvas.addEventListener('webglcontextrestored', () => this.restored())
    this.resize()
    castShadows(this.world, false) // the first frame comes sooner without
  }

  async show(scene: SceneDocument): Promise<Shown> {
    if (this.renderer === null) return { ok: false, problem: 'no_webgl' }
    this.scene = scene
    const extent = this.models.place(scene)
    if (extent !== null) this.frame(scene, extent)
    this.models.showEras(scene.eras.length > 1 ? sharesAt(scene.eras, firstPlace(scene)) : null)
    this.progress = this.options.onProgress
    const loading = this.models.load((level) => this.options.onShown?.({ level, preview: true }))
    if (!this.marked) this.cool ??= warm(this.renderer, this.world.scene, this.view.camera)
    const shown = await loading
    if (shown.ok && shown.complete) this.options.onShown?.({ level: shown.level, preview: false })
    return shown
  }

  showEra(place: number): void {
    if (this.scene === null) return
    this.models.showEras(sharesAt(this.scene.eras, place))
    this.redrawShadow()
    if (this.lent) this.settle() // at rest another eye asks for no levels by itself
  }

  showGrades(on: boolean): void {
    this.models.showGrades(on)
    this.invalidate()
  }

  relay(): void {
    const { clientWidth, clientHeight } = this.container
    if (this.lent || clientWidth === 0 || clientHeight === 0) return // laid out anew when it is given back, or shown
    this.view.slideTo(this.covered())
  }

  takePicture(): HTMLCanvasElement | null {
    if (this.lent) return this.borrower?.takePicture?.() ?? null
    if (this.renderer === null) return null
    this.renderer.render(this.world.scene, this.view.camera)
    const picture = this.container.ownerDocument.createElement('canvas')
    const { top_px, bottom_px } = this.covered()
    const { width, height } = this.canvas
    const upper = Math.round(top_px * pixelRatio())
    picture.width = width
    picture.height = Math.max(height - upper - Math.round(bottom_px * pixelRatio()), Math.round(height / 3))
    // within the task that drew it: afterwards the browser has taken the frame away
    picture.getContext('2d')?.drawImage(this.canvas, 0, -upper)
    return picture
  }

  seen(): readonly SceneNode[] {
    return this.models.seen()
  }

  turn(right_deg: number, up_deg: number): void {
    this.view.turn(right_deg, up_deg)
  }

  zoom(factor: number): void {
    this.view.zoom(factor)
  }

  reset(): void {
    this.view.reset()
  }

  lookAt(hotspot: string): void {
    const spot = this.scene?.hotspots.find(({ id }) => id === hotspot)
    const point = spot === undefined ? null : findSpot(spot, this.models.placed)
    if (point !== null) this.view.face(point)
  }

  lend(): Loan | null {
    const { renderer, models } = this
    const lent = renderer === null || this.lent ? null : models.lend()
    if (renderer === null || lent === null) return null
    const rise = this.rest()
    const serve = (borrower: Borrower): void => {
      this.borrower = borrower
    }
    const giveBack = (): void => rise(() => models.takeBack())
    return { ...lent, renderer, seen: () => models.seen(), serve, giveBack }
  }

  lendWorld(onChange: () => void): WorldLoan | null {
    const { renderer, extent, scene, world } = this
    if (renderer === null || extent === null || scene === null || this.lent || !this.models.stands()) return null
    const giveBack = this.rest()
    castShadows(world, true)
    this.borrower = { onChange }
    return { renderer, world, extent, facing_deg: facingDeg(scene), giveBack }
  }

  /** Draw nothing while somebody else does; gives what ends that, which counts once. */
  private rest(): (before?: () => void) => void {
    this.lent = true
    let over = false
    this.view.enable(false)
    cancelAnimationFrame(this.request)
    this.request = 0
    return (before) => {
      if (over) return
      over = true
      before?.()
      this.lent = false
      this.borrower = null
      this.view.enable(true)
      this.resize()
      this.redrawShadow()
    }
  }

  dispose(): void {
    clearTimeout(this.settling)
    cancelAnimationFrame(this.request)
    this.lent = true // nothing is drawn any more
    this.watcher.disconnect()
    this.view.dispose()
    this.models.clear()
    disposeWorld(this.world)
    this.renderer?.dispose()
    this.renderer?.forceContextLoss()
    this.canvas.remove()
  }

  private frame(scene: SceneDocument, extent: Extent): void {
    this.extent = extent
    const floor: Point3 = [extent.middle[0], extent.floor_m, extent.middle[2]]
    layGround(this.world, floor, extent.radius_m, getComputedStyle(this.container).color)
    aimSun(this.world, extent.middle, extent.radius_m, this.options.sun?.() ?? undefined)
    this.view.frame(extent, facingDeg(scene) + FIRST_AROUND_DEG)
  }

  /** How large a node is seen, in device pixels: the sphere round it on the screen. */
  private sizeOf({ node, group }: Placed): number {
    const camera = this.borrower?.eye ?? this.view.camera
    const { min, max } = node.bounds
    const middle = new Vector3(...min).add(new Vector3(...max)).multiplyScalar(0.5)
    const radius_m = new Vector3(...min).distanceTo(new Vector3(...max)) / 2
    const away_m = Math.max(group.localToWorld(middle).distanceTo(camera.position), radius_m)
    const half = Math.tan((camera.fov * Math.PI) / 360)
    return (radius_m / (away_m * half)) * this.container.clientHeight * pixelRatio()
  }

  /** Once the view rests, models become finer or coarser as it asks for. */
  private settle(): void {
    clearTimeout(this.settling)
    this.settling = setTimeout(() => {
      if (!this.lent || this.borrower?.eye !== undefined) void this.models.refine()
    }, SETTLE_MS)
  }

  protected redrawShadow(): void {
    if (this.renderer !== null) this.renderer.shadowMap.needsUpdate = true
    this.invalidate()
  }

  private invalidate(): void {
    this.borrower?.onChange()
    if (this.request === 0 && !this.lent && this.renderer !== null) {
      this.request = requestAnimationFrame((now) => this.draw(now))
    }
  }

  private draw(now: number): void {
    this.request = 0
    // an empty world is not worth its shaders: they would be compiled while the model waits
    if (this.renderer === null || this.lent || !this.models.stands()) return
    if (this.view.update(now)) this.invalidate()
    else this.settle()
    this.renderer.render(this.world.scene, this.view.camera)
    this.mark()
    this.tellHotspots()
  }

  private mark(): void {
    if (this.marked || !this.models.stands()) return
    this.marked = true
    performance.mark('first3d')
    this.options.onFirst?.()
    this.cool?.()
    castShadows(this.world, true)
    // the frame without shadow stays until the shaders with it are there
    void this.renderer?.compileAsync(this.world.scene, this.view.camera).then(() => this.redrawShadow())
  }

  private tellHotspots(): void {
    const size = { width_px: this.container.clientWidth, height_px: this.container.clientHeight }
    const places = placeHotspots(this.scene?.hotspots ?? [], this.models.placed, this.view.camera, size)
    const text = JSON.stringify(places)
    if (text === this.lastPlaces) return
    this.lastPlaces = text
    this.options.onHotspots?.(places)
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.container
    if (this.renderer === null || this.lent || width === 0 || height === 0) return
    this.renderer.setPixelRatio(pixelRatio())
    this.renderer.setSize(width, height, false)
    this.view.resize(width, height, this.covered())
  }

  private covered(): Covered {
    return this.options.covered?.() ?? { top_px: 0, bottom_px: 0 }
  }

  private restored(): void {
    this.redrawShadow()
    this.options.onContext?.('restored')
  }
}
