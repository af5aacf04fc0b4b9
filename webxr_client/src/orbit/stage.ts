/** The 3D view of a scene: three.js in a canvas, turned by finger, mouse or keys, drawn only when something changed. */
import { Group, type Object3D, type WebGLRenderer } from 'three'
import { fileOf, pickLevel, pickPreview, pictureBudget } from '../capability'
import type { Device } from '../device'
import { headingDeg, poseInScene } from '../geo/enu'
import type { ModelFile, Point3, SceneDocument, SceneNode } from '../wire'
import { createRenderer, makeCanvas } from './canvas'
import { cornersOf, type Extent, extentOf, rotate } from './frame'
import { findSpot, type HotspotPlace, placeHotspots, type Standing } from './hotspots'
import { listenForKeys } from './keys'
import { disposeModel, loadModel, ModelUnavailable } from './model'
import type { Purse } from './pictures'
import { View } from './view'
import { aimSun, createWorld, disposeWorld, layGround, type World } from './world'

export type { HotspotPlace } from './hotspots'

export interface StageOptions {
  device: Device
  /** What the view shows, read out by a screen reader. */
  label: string
  onProgress?: (loaded_bytes: number, total_bytes: number) => void
  /** The coarsest level stands there, or (preview false) the picked one. */
  onShown?: (shown: { level: number; preview: boolean }) => void
  /** After every drawn frame in which hotspots moved; the page lays real buttons there. */
  onHotspots?: (places: HotspotPlace[]) => void
  /** The GPU took the context away (`lost`) and gave it back (`restored`); the stage recovers by itself. */
  onContext?: (state: 'lost' | 'restored') => void
}

/** Why a scene could not be shown; the page has a sentence for each, `stage_` and the code. */
export type StageProblem = 'no_webgl' | 'load_failed' | 'withdrawn' | 'aborted'

/** Not complete: the coarse level stands there, the picked one could not be had. */
export type Shown = { ok: true; level: number; complete: boolean } | { ok: false; problem: StageProblem }

/** The renderer and a model, lent to an AR session; the orbit view rests until `giveBack`. */
export interface Loan {
  renderer: WebGLRenderer
  model: Object3D
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
  /** Show only the nodes of an era (those without eras always); null shows all. */
  setEra: (era: string | null) => void
  /** Turn by degrees (positive: to the right, up) and come nearer (factor < 1) or go away; for buttons. */
  turn: (right_deg: number, up_deg: number) => void
  zoom: (factor: number) => void
  /** Back to the first view. */
  reset: () => void
  /** Turn so that a hotspot faces the viewer. */
  lookAt: (hotspot: string) => void
  /** Lend the renderer and the model of a node to an AR session; null while it does not stand there or is lent. */
  lend: (node: string) => Loan | null
  /** Lend all that stands; `onChange` hears when it must be drawn again. Null while nothing stands or it is lent. */
  lendWorld: (onChange: () => void) => WorldLoan | null
  dispose: () => void
}

interface Placed extends Standing {
  group: Group
  fine: Object3D | null
}

const MAX_PIXEL_RATIO = 2 // more is not seen on a phone, but costs four times the work
const FIRST_AROUND_DEG = 28 // beside the face of the first model, so that its depth is seen

/** A view that fills the container. Throws nothing: without WebGL 2 `show` answers `no_webgl`. */
export function createStage(container: HTMLElement, options: StageOptions): Stage {
  const stage = new OrbitStage(container, options)
  listenForKeys(stage)
  return stage
}

class OrbitStage implements Stage {
  readonly canvas: HTMLCanvasElement
  private readonly renderer: WebGLRenderer | null
  private readonly world: World = createWorld()
  private readonly view: View
  private readonly watcher: ResizeObserver
  private readonly nodes = new Map<string, Placed>()
  private scene: SceneDocument | null = null
  private loading = new AbortController()
  private request = 0
  private lent = false
  private borrower: (() => void) | null = null
  private extent: Extent | null = null
  private marked = false
  private lastPlaces = ''

  constructor(
    private readonly container: HTMLElement,
    private readonly options: StageOptions
  ) {
    this.canvas = makeCanvas(container.ownerDocument, options.label)
    container.append(this.canvas)
    this.renderer = options.device.webgl2 ? createRenderer(this.canvas) : null
    this.view = new View(this.canvas, options.device.reducedMotion, () => this.invalidate())
    this.watcher = new ResizeObserver(() => this.resize())
    this.watcher.observe(container)
    this.canvas.addEventListener('webglcontextlost', () => options.onContext?.('lost'))
    this.canvas.addEventListener('webglcontextrestored', () => this.restored())
    this.resize()
  }

  async show(scene: SceneDocument): Promise<Shown> {
    this.loading.abort()
    if (this.renderer === null) return { ok: false, problem: 'no_webgl' }
    const loading = new AbortController()
    this.loading = loading
    this.clear()
    this.scene = scene
    this.place(scene)
    return this.load(scene, loading.signal)
  }

  setEra(era: string | null): void {
    for (const node of this.scene?.nodes ?? []) {
      const placed = this.nodes.get(node.id)
      if (placed !== undefined) placed.group.visible = era === null || !node.eras.length || node.eras.includes(era)
    }
    this.redrawShadow()
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
    const point = spot === undefined ? null : findSpot(spot, this.nodes)
    if (point !== null) this.view.face(point)
  }

  lend(node: string): Loan | null {
    const placed = this.nodes.get(node)
    const model = placed?.fine ?? placed?.shape ?? null
    if (this.renderer === null || this.lent || placed === undefined || model === null) return null
    this.lent = true
    this.view.enable(false)
    cancelAnimationFrame(this.request)
    this.request = 0
    const giveBack = (): void => {
      if (!this.lent) return
      this.lent = false
      this.view.enable(true)
      placed.group.add(model)
      this.resize()
      this.redrawShadow()
    }
    return { renderer: this.renderer, model, giveBack }
  }

  lendWorld(onChange: () => void): WorldLoan | null {
    const { renderer, extent, world } = this
    if (renderer === null || extent === null || this.lent || !this.stands()) return null
    this.lent = true
    this.borrower = onChange
    this.view.enable(false)
    cancelAnimationFrame(this.request)
    this.request = 0
    const giveBack = (): void => {
      if (this.borrower !== onChange) return
      this.lent = false
      this.borrower = null
      this.view.enable(true)
      this.resize()
      this.redrawShadow()
    }
    return { renderer, world, extent, facing_deg: this.facingDeg(), giveBack }
  }

  private stands(): boolean {
    return [...this.nodes.values()].some(({ shape }) => shape !== null)
  }

  dispose(): void {
    this.loading.abort()
    cancelAnimationFrame(this.request)
    this.lent = true // nothing is drawn any more
    this.watcher.disconnect()
    this.view.dispose()
    this.clear()
    disposeWorld(this.world)
    this.renderer?.dispose()
    this.renderer?.forceContextLoss()
    this.canvas.remove()
  }

  /** Stand a group for every node at its pose, and the camera where it sees them all: before a byte is loaded. */
  private place(scene: SceneDocument): void {
    const origin = scene.nodes[0]?.geopose.position
    if (origin === undefined) return
    const corners: Point3[] = []
    for (const node of scene.nodes) {
      const { position, quaternion } = poseInScene(node.geopose, origin)
      const group = new Group()
      group.position.set(...position)
      group.quaternion.fromArray(quaternion)
      this.world.scene.add(group)
      this.nodes.set(node.id, { group, shape: null, fine: null })
      for (const corner of cornersOf(node.bounds)) {
        const [x, y, z] = rotate(corner, quaternion)
        corners.push([x + position[0], y + position[1], z + position[2]])
      }
    }
    this.frame(extentOf(corners))
  }

  private frame(extent: Extent): void {
    this.extent = extent
    const floor: Point3 = [extent.middle[0], extent.floor_m, extent.middle[2]]
    layGround(this.world, floor, extent.radius_m, getComputedStyle(this.container).color)
    aimSun(this.world, extent.middle, extent.radius_m)
    this.view.frame(extent, this.facingDeg() + FIRST_AROUND_DEG)
  }

  private facingDeg(): number {
    const first = this.scene?.nodes[0]
    return first === undefined ? 0 : headingDeg(first.geopose) + 180
  }

  private async load(scene: SceneDocument, signal: AbortSignal): Promise<Shown> {
    const jobs = scene.nodes.map((node) => {
      const picked = pickLevel(node.lods, this.options.device)
      return { node, picked, preview: pickPreview(node.lods, picked) }
    })
    const { device } = this.options
    const fileAt = (node: SceneNode, level: number): ModelFile => {
      const lod = node.lods[level]
      return lod === undefined ? { url: '', bytes: 0 } : fileOf(lod, device)
    }
    const sizeOf = (node: SceneNode, level: number | null): number => (level === null ? 0 : fileAt(node, level).bytes)
    const total = jobs.reduce((sum, { node, picked, preview }) => sum + sizeOf(node, picked) + sizeOf(node, preview), 0)
    let loaded = 0
    const onBytes = (bytes: number): void => {
      loaded += bytes
      this.options.onProgress?.(loaded, total)
    }
    const previews: Purse = { left_bytes: pictureBudget(device) }
    const pictures: Purse = { left_bytes: pictureBudget(device) } // the previews' memory is free again by then
    const fetchLevel = (node: SceneNode, level: number, purse: Purse): Promise<Object3D> =>
      loadModel(fileAt(node, level).url, { signal, onBytes, purse })
    const first = jobs[0]
    let standing = -1
    try {
      for (const { node, preview } of jobs) {
        if (preview !== null) this.stand(node, await fetchLevel(node, preview, previews), true)
      }
      if (first?.preview !== null && first !== undefined) standing = first.preview
      if (standing >= 0) this.options.onShown?.({ level: standing, preview: true })
      for (const { node, picked } of jobs) this.stand(node, await fetchLevel(node, picked, pictures), false)
      const level = first?.picked ?? 0
      this.options.onShown?.({ level, preview: false })
      return { ok: true, level, complete: true }
    } catch (error) {
      if (!(error instanceof ModelUnavailable)) throw error
      const coarse = standing >= 0 && error.problem === 'load_failed'
      return coarse ? { ok: true, level: standing, complete: false } : { ok: false, problem: error.problem }
    }
  }

  private stand(node: SceneNode, model: Object3D, preview: boolean): void {
    const placed = this.nodes.get(node.id)
    if (placed === undefined) return
    if (preview) {
      placed.shape = model
    } else {
      placed.fine = model
      if (placed.shape === null) placed.shape = model
      else this.retire(placed.shape)
    }
    placed.group.add(model)
    this.redrawShadow()
  }

  /** The coarse level is no longer drawn, but its shape still tells which hotspots are hidden. */
  private retire(shape: Object3D): void {
    shape.visible = false
    disposeModel(shape)
  }

  private redrawShadow(): void {
    if (this.renderer !== null) this.renderer.shadowMap.needsUpdate = true
    this.invalidate()
  }

  private invalidate(): void {
    this.borrower?.()
    if (this.request === 0 && !this.lent && this.renderer !== null) {
      this.request = requestAnimationFrame((now) => this.draw(now))
    }
  }

  private draw(now: number): void {
    this.request = 0
    if (this.renderer === null || this.lent) return
    if (this.view.update(now)) this.invalidate()
    this.renderer.render(this.world.scene, this.view.camera)
    this.mark()
    this.tellHotspots()
  }

  private mark(): void {
    if (this.marked || !this.stands()) return
    this.marked = true
    performance.mark('first3d')
  }

  private tellHotspots(): void {
    const size = { width_px: this.container.clientWidth, height_px: this.container.clientHeight }
    const places = placeHotspots(this.scene?.hotspots ?? [], this.nodes, this.view.camera, size)
    const text = JSON.stringify(places)
    if (text === this.lastPlaces) return
    this.lastPlaces = text
    this.options.onHotspots?.(places)
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.container
    if (this.renderer === null || this.lent || width === 0 || height === 0) return
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, MAX_PIXEL_RATIO))
    this.renderer.setSize(width, height, false)
    this.view.resize(width / height)
  }

  private restored(): void {
    this.redrawShadow()
    this.options.onContext?.('restored')
  }

  private clear(): void {
    for (const { group, fine, shape } of this.nodes.values()) {
      for (const model of new Set([fine, shape])) if (model !== null) disposeModel(model)
      this.world.scene.remove(group)
    }
    this.nodes.clear()
  }
}
