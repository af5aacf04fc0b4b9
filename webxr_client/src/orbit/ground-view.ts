/** A model on the ground of its site, in three dimensions: moved, turned and raised by hand. */
import { Color, Group, type Mesh, type Object3D, Vector3 } from 'three'
import type { PlaceState, Source } from '../place-state'
import { atPlan, facing, type Pose, raised, type Scale, toPlan } from '../plan'
import type { Around, Box } from '../surroundings'
import type { Tell, ViewWords } from '../view-door'
import { trianglesOf } from './blocking'
import { Eye } from './eye'
import { layAround } from './ground'
import { Handles, type Held } from './handles'
import { type Beam, heightOnAxis, nearestHit, onLevel, pointAlong } from './hit'
import { type Label, layLabels, makeLabel } from './labels'
import { loadModel } from './model'
import { openRoom, type Room } from './room'
import { disposeMesh, edgesOf, makeMesh } from './shapes'

export interface GroundOptions {
  state: PlaceState
  scale: Scale
  box: Box
  around: Around
  words: ViewWords & { north_letter: string }
  tell: Tell
}

const SHORTCUTS = 'ArrowLeft ArrowRight ArrowUp ArrowDown PageUp PageDown , . + -'
const PICTURES_BYTES = 48 << 20
const FIRST_ABOVE_DEG = 24
const FIRST_BESIDE_DEG = 35
const MOST_AWAY_M = 500 // near the horizon a finger's width is a mile
const AROUND_M = 9 // beside the model, so that the person and the nearest ground are in view

interface Drag {
  held: Held
  /** From where the model's origin is to where it was taken hold of. */
  off: Vector3
  height_m: number
}

export class GroundView {
  readonly canvas: HTMLCanvasElement
  private readonly model = new Group()
  private readonly handles: Handles
  private readonly labels: Label[]
  private readonly eye: Eye
  private shape: Object3D | null = null
  private outline: Mesh | null = null
  private drag: Drag | null = null

  /** The view in a figure; null where the browser cannot draw it. */
  static open(figure: HTMLElement, options: GroundOptions): GroundView | null {
    const container = figure.querySelector<HTMLElement>('.stage')
    const buttons = figure.querySelector<HTMLElement>('.buttons')
    if (container === null || buttons === null) return null
    const room = openRoom(container, options.words.label, SHORTCUTS)
    if (room === null) return null
    room.renderer.domElement.setAttribute('aria-describedby', 'ground-help')
    return new GroundView([container, buttons], options, room)
  }

  private constructor(
    [container, buttons]: [container: HTMLElement, buttons: HTMLElement],
    private readonly options: GroundOptions,
    { renderer, scene }: Room
  ) {
    const { box, around, state, words } = options
    this.canvas = renderer.domElement
    const style = getComputedStyle(container)
    const colour = (name: string): Color => new Color(style.getPropertyValue(name).trim())
    const names = layAround(scene, around, colour)
    this.outline = makeMesh(edgesOf(box.min, box.max, 0.06), colour('--vermilion'), false)
    this.model.add(this.outline)
    this.handles = new Handles(scene, box, colour('--vermilion'), colour('--ink'))
    scene.add(this.model)
    this.eye = new Eye(container, renderer, scene, () => layLabels(this.labels, this.eye))
    const at = this.handles.labels
    this.labels = [
      makeLabel(container, words.north_letter, at.north, 'strong'),
      makeLabel(container, '1.7 m', at.person),
      ...names.map(({ name, at: place }) => makeLabel(container, name, place))
    ]
    this.put(state.pose)
    this.look()
    state.listen((pose, source) => this.hear(pose, source))
    this.listen(container, buttons)
    void this.load(container.closest<HTMLElement>('[data-model]')?.dataset['model'] ?? '')
  }

  zoom(factor: number): void {
    this.eye.zoom(factor)
  }

  private async load(url: string): Promise<void> {
    try {
      const loading = {
        signal: new AbortController().signal,
        onBytes: () => undefined,
        purse: { left_bytes: PICTURES_BYTES }
      }
      this.shape = await loadModel(url, loading)
    } catch {
      this.options.tell(this.options.words.load_failed)
      return
    }
    this.model.add(this.shape)
    if (this.outline !== null) disposeMesh(this.outline)
    this.outline = null
    this.options.tell('')
    this.canvas.dataset['shown'] = 'model'
    this.eye.invalidate()
  }

  private look(): void {
    const { min, max } = this.options.box
    const size_m = Math.max(max[0] - min[0], max[1] - min[1], max[2] - min[2])
    const middle = new Vector3(0, (min[1] + max[1]) / 2, 0).add(this.model.position)
    const facing_deg = this.options.state.pose.heading_deg
    this.eye.frame(middle, (size_m + AROUND_M) * 1.65, facing_deg + FIRST_BESIDE_DEG, FIRST_ABOVE_DEG)
  }

  private hear(pose: Pose, source: Source): void {
    const before = this.model.position.clone()
    this.put(pose)
    if (source !== 'ground') this.eye.follow(this.model.position.clone().sub(before))
    this.eye.invalidate()
  }

  private put(pose: Pose): void {
    const [x, z] = toPlan(pose, this.options.scale)
    this.model.position.set(x, pose.h - this.options.state.floor_m, z)
    this.model.rotation.y = (-pose.heading_deg * Math.PI) / 180
    this.handles.follow(this.model)
  }

  private listen(container: HTMLElement, buttons: HTMLElement): void {
    // before the controls hear of it: what takes hold of the model does not turn the view
    container.addEventListener('pointerdown', (event) => this.take(event), { capture: true })
    container.addEventListener('pointermove', (event) => this.pull(event))
    for (const kind of ['pointerup', 'pointercancel'] as const) {
      container.addEventListener(kind, () => {
        this.drag = null
        this.eye.enable(true)
      })
    }
    const acts: Record<string, () => void> = {
      view_left: () => this.eye.turn(-15, 0),
      view_right: () => this.eye.turn(15, 0),
      view_up: () => this.eye.turn(0, 12),
      view_down: () => this.eye.turn(0, -12),
      view_nearer: () => this.eye.zoom(1 / 1.4),
      view_farther: () => this.eye.zoom(1.4),
      view_back: () => this.look()
    }
    buttons.addEventListener('click', (event) => {
      const act = (event.target as HTMLElement).closest<HTMLElement>('[data-view]')?.dataset['view'] ?? ''
      acts[act]?.()
    })
  }

  private take(event: PointerEvent): void {
    if (!event.isPrimary || event.button !== 0 || event.target !== this.canvas) return
    const beam = this.eye.beamAt(event.clientX, event.clientY)
    const found = this.handles.heldBy(beam, this.eye) ?? this.heldModel(beam)
    if (found === null) return
    const { held, at } = found
    this.drag = { held, off: at.clone().sub(this.model.position), height_m: at.y }
    this.eye.enable(false)
    this.canvas.setPointerCapture(event.pointerId)
    this.canvas.focus({ preventScroll: true })
    event.preventDefault()
  }

  private heldModel(beam: Beam): { held: Held; at: Vector3 } | null {
    this.model.updateWorldMatrix(true, false)
    const from = this.model.worldToLocal(beam.from.clone())
    const along = this.model.worldToLocal(beam.from.clone().add(beam.along)).sub(from)
    const solid = this.shape ?? this.outline
    const away = solid === null ? null : nearestHit(trianglesOf(solid), { from, along })
    return away === null ? null : { held: 'model', at: pointAlong(beam, away) }
  }

  private pull(event: PointerEvent): void {
    if (this.drag === null) return
    const { held, off, height_m } = this.drag
    const { state, scale } = this.options
    const beam = this.eye.beamAt(event.clientX, event.clientY)
    const { x, z } = this.model.position
    if (held === 'height') {
      state.put(raised(state.pose, state.floor_m + heightOnAxis(beam, x, z) - off.y), 'ground')
      return
    }
    const at = onLevel(beam, held === 'ring' ? this.handles.ring_y : height_m)
    if (at === null || at.distanceTo(this.model.position) > MOST_AWAY_M) return
    if (held === 'ring') state.put(this.turned(at, off), 'ground')
    else state.put(atPlan(state.pose, at.x - off.x, at.z - off.z, scale), 'ground')
  }

  /** The pose turned so that what was taken hold of on the ring lies under the finger. */
  private turned(at: Vector3, off: Vector3): Pose {
    const { state, scale } = this.options
    const { pose } = state
    const [x, z] = toPlan(pose, scale)
    const was_deg = (Math.atan2(off.x, -off.z) * 180) / Math.PI
    const now_deg = (Math.atan2(at.x - x, z - at.z) * 180) / Math.PI
    off.copy(at).sub(this.model.position)
    const aim = ((pose.heading_deg + now_deg - was_deg) * Math.PI) / 180
    return facing(pose, x + Math.sin(aim) * 100, z - Math.cos(aim) * 100, scale)
  }
}
