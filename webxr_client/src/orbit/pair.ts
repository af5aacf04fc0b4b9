/** Two views of one thing with one eye: who turns the one turns the other. Drawn only when something changed. */
import { Group, type Object3D, type WebGLRenderer } from 'three'
import type { SceneNode } from '../wire'
import { createRenderer, makeCanvas } from './canvas'
import { cornersOf, extentOf } from './frame'
import { dressModel, type Look } from './heat'
import { listenForKeys } from './keys'
import { pixelRatio } from './layout'
import { disposeModel } from './model'
import { View } from './view'
import { aimSun, castShadows, createWorld, disposeWorld, type World } from './world'

export type Side = 'left' | 'right'

const SIDES: readonly Side[] = ['left', 'right']
const BESIDE_PX = 600 // narrower, one stands above the other
const FIRST_AROUND_DEG = 148 // from where the report looks at it first
const UNCOVERED = { top_px: 0, bottom_px: 0 }
const FORGET_MS = 100

interface Half {
  world: World
  holder: Group
  model: Object3D | null
}

/** A rectangle of the canvas in pixels of the page, from its upper left corner. */
export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** Where the two views lie: beside one another, or on a narrow page one above the other. */
export function halve(width: number, height: number): Record<Side, Box> {
  if (width >= BESIDE_PX) {
    const half = Math.floor(width / 2)
    return { left: { x: 0, y: 0, width: half, height }, right: { x: half, y: 0, width: half, height } }
  }
  const half = Math.floor(height / 2)
  return { left: { x: 0, y: 0, width, height: half }, right: { x: 0, y: half, width, height: half } }
}

/** Both views in a container; null when the browser refuses to draw. */
export function createPair(
  container: HTMLElement,
  label: string,
  bounds: SceneNode['bounds'],
  still: boolean
): Pair | null {
  const canvas = makeCanvas(container.ownerDocument, label)
  const renderer = createRenderer(canvas)
  if (renderer === null) return null
  container.append(canvas)
  const pair = new Pair(container, canvas, renderer, new View(canvas, still, () => pair.invalidate()))
  pair.frame(bounds)
  listenForKeys(pair)
  return pair
}

export class Pair {
  private readonly halves: Record<Side, Half>
  private readonly watcher: ResizeObserver
  private request = 0
  private look: Look = { mode: 'as-is', colours: null }

  constructor(
    private readonly container: HTMLElement,
    readonly canvas: HTMLCanvasElement,
    private readonly renderer: WebGLRenderer,
    private readonly view: View
  ) {
    this.halves = { left: makeHalf(), right: makeHalf() }
    this.watcher = new ResizeObserver(() => this.resize())
    this.watcher.observe(container)
    canvas.addEventListener('webglcontextrestored', () => this.invalidate())
  }

  /** Look at everything within the bounds. */
  frame(bounds: SceneNode['bounds']): void {
    const extent = extentOf(cornersOf(bounds))
    for (const side of SIDES) aimSun(this.halves[side].world, extent.middle, extent.radius_m)
    this.resize()
    this.view.frame(extent, FIRST_AROUND_DEG)
  }

  /** Stand a model on a side, in the place of the one before. */
  put(side: Side, model: Object3D): void {
    const half = this.halves[side]
    if (half.model !== null) {
      half.holder.remove(half.model)
      disposeModel(half.model)
    }
    half.model = model
    half.holder.add(model)
    dressModel(model, this.look)
    this.invalidate()
  }

  /** How both are shown. */
  show(look: Look): void {
    this.look = look
    for (const side of SIDES) {
      const { model } = this.halves[side]
      if (model !== null) dressModel(model, look)
    }
    this.invalidate()
  }

  turn(right_deg: number, up_deg: number): void {
    this.view.turn(right_deg, up_deg)
    this.invalidate()
  }

  zoom(factor: number): void {
    this.view.zoom(factor)
    this.invalidate()
  }

  reset(): void {
    this.view.reset()
    this.invalidate()
  }

  /** Draw again with the next frame. */
  invalidate(): void {
    if (this.request === 0) this.request = requestAnimationFrame((now) => this.draw(now))
  }

  dispose(): void {
    cancelAnimationFrame(this.request)
    this.watcher.disconnect()
    this.view.dispose()
    for (const side of SIDES) {
      const { world, model } = this.halves[side]
      if (model !== null) disposeModel(model)
      disposeWorld(world)
    }
    this.renderer.dispose()
    setTimeout(() => this.renderer.forceContextLoss(), FORGET_MS)
    this.canvas.remove()
  }

  private draw(now: number): void {
    this.request = 0
    if (this.view.update(now)) this.invalidate()
    const { clientWidth, clientHeight } = this.container
    const boxes = halve(clientWidth, clientHeight)
    this.renderer.setScissorTest(true)
    for (const side of SIDES) {
      const { x, y, width, height } = boxes[side]
      const below = clientHeight - y - height // WebGL counts from below
      this.renderer.setViewport(x, below, width, height)
      this.renderer.setScissor(x, below, width, height)
      this.renderer.render(this.halves[side].world.scene, this.view.camera)
    }
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.container
    if (clientWidth === 0 || clientHeight === 0) return
    const { width, height } = halve(clientWidth, clientHeight).left
    this.renderer.setPixelRatio(pixelRatio())
    this.renderer.setSize(clientWidth, clientHeight, false)
    this.view.resize(width, height, UNCOVERED)
    this.invalidate()
  }
}

function makeHalf(): Half {
  const world = createWorld()
  castShadows(world, false)
  const holder = new Group()
  world.scene.add(holder)
  return { world, holder, model: null }
}
