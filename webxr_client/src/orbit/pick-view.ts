/** A model by itself, on which points are chosen: by touch, by click, or by keys at the middle of the view. */
import { Color, Group, type Mesh, type Object3D, Vector3 } from 'three'
import type { Box } from '../surroundings'
import type { Point3 } from '../wire'
import { trianglesOf } from './blocking'
import { Eye } from './eye'
import { nearestHit, pointAlong } from './hit'
import { type Label, layLabels, makeLabel } from './labels'
import { loadModel } from './model'
import { openRoom, type Room } from './room'
import { barOf, disposeMesh, makeMesh, turnedOf } from './shapes'

/** A point on the model with what it is called there, and where it was measured to lie, if anybody did. */
export interface Mark {
  name: string
  at: Point3
  to: Point3 | null
}

export interface PickOptions {
  url: string
  box: Box
  label: string
  /** A point was chosen; null where there is no model. */
  onPick: (point: Point3 | null) => void
  onGiveUp: () => void
}

const SHORTCUTS = 'ArrowLeft ArrowRight ArrowUp ArrowDown + - Home Enter Escape'
const PICTURES_BYTES = 48 << 20
const STILL_PX = 6 // a finger that moves farther turns the model
const PIN: readonly [number, number][] = [
  [0, -1],
  [0.8, -0.6],
  [1, 0],
  [0.8, 0.6],
  [0, 1]
]
const STEP_DEG = 10
const STEP_ZOOM = 1.15

export class PickView {
  readonly canvas: HTMLCanvasElement
  private readonly marks = new Group()
  private readonly eye: Eye
  private readonly accent: Color
  private readonly ink: Color
  private readonly size_m: number
  private labels: Label[] = []
  private shape: Object3D | null = null
  private picking = false
  private down: { x: number; y: number } | null = null

  /** The view in a container, its model loaded; null where the browser cannot draw it. Throws when the model cannot be had. */
  static async open(container: HTMLElement, options: PickOptions): Promise<PickView | null> {
    const room = openRoom(container, options.label, SHORTCUTS)
    if (room === null) return null
    const view = new PickView(container, options, room)
    const loading = {
      signal: new AbortController().signal,
      onBytes: () => undefined,
      purse: { left_bytes: PICTURES_BYTES }
    }
    const shape = await loadModel(options.url, loading)
    view.shape = shape
    room.scene.add(shape)
    view.canvas.dataset['shown'] = 'model'
    view.eye.invalidate()
    return view
  }

  private constructor(
    private readonly container: HTMLElement,
    private readonly options: PickOptions,
    { renderer, scene }: Room
  ) {
    const { min, max } = options.box
    this.canvas = renderer.domElement
    scene.add(this.marks)
    const style = getComputedStyle(container)
    this.accent = new Color(style.getPropertyValue('--vermilion').trim())
    this.ink = new Color(style.getPropertyValue('--ink').trim())
    const radius_m = new Vector3(...min).distanceTo(new Vector3(...max)) / 2
    this.size_m = radius_m * 0.02
    this.eye = new Eye(container, renderer, scene, () => layLabels(this.labels, this.eye))
    const middle = new Vector3(...min).add(new Vector3(...max)).multiplyScalar(0.5)
    this.eye.frame(middle, radius_m * 3.2, 28, 16) // its front looks to -z
    this.listen()
  }

  /** Take the next touch as a point, or no longer. */
  pick(on: boolean): void {
    this.picking = on
    this.container.classList.toggle('picking', on)
  }

  /** Show these points and no others. */
  mark(marks: readonly Mark[]): void {
    for (const part of [...this.marks.children] as Mesh[]) disposeMesh(part)
    for (const { element } of this.labels) element.remove()
    const pin = turnedOf(PIN.map(([radius, height]) => [radius * this.size_m, height * this.size_m]))
    for (const { at, to } of marks) {
      const mesh = makeMesh(pin, this.accent, true)
      mesh.position.set(...at)
      this.marks.add(mesh)
      if (to !== null) this.marks.add(makeMesh(barOf(at, to, this.size_m * 0.5), this.ink, false))
    }
    this.labels = marks.map(({ name, at }) =>
      makeLabel(this.container, name, new Vector3(at[0], at[1] + this.size_m * 3, at[2]), 'strong')
    )
    this.eye.invalidate()
  }

  private listen(): void {
    const { canvas, eye } = this
    canvas.addEventListener('pointerdown', (event) => {
      this.down = event.isPrimary ? { x: event.clientX, y: event.clientY } : null
    })
    canvas.addEventListener('pointerup', (event) => {
      const { down } = this
      this.down = null
      if (!this.picking || down === null) return
      if (Math.hypot(event.clientX - down.x, event.clientY - down.y) > STILL_PX) return
      this.choose(event.clientX, event.clientY)
    })
    const keys: Record<string, () => void> = {
      ArrowLeft: () => eye.turn(-STEP_DEG, 0),
      ArrowRight: () => eye.turn(STEP_DEG, 0),
      ArrowUp: () => eye.turn(0, STEP_DEG),
      ArrowDown: () => eye.turn(0, -STEP_DEG),
      '+': () => eye.zoom(1 / STEP_ZOOM),
      '-': () => eye.zoom(STEP_ZOOM),
      Home: () => eye.reset(),
      Enter: () => this.chooseMiddle(),
      Escape: () => this.options.onGiveUp()
    }
    canvas.addEventListener('keydown', (event) => {
      const act = keys[event.key]
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      act()
    })
  }

  private chooseMiddle(): void {
    if (!this.picking) return
    const { left, top, width, height } = this.canvas.getBoundingClientRect()
    this.choose(left + width / 2, top + height / 2)
  }

  private choose(client_x: number, client_y: number): void {
    if (this.shape === null) return
    const beam = this.eye.beamAt(client_x, client_y)
    const away = nearestHit(trianglesOf(this.shape), beam)
    this.options.onPick(away === null ? null : pointAlong(beam, away).toArray())
  }
}
