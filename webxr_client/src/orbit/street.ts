/** A walk through a scene at eye height, on the screen: by keys, by dragging, and by buttons that can be held. */
import { PerspectiveCamera } from 'three'
import type { WorldLoan } from './stage'
import { surround } from './surroundings'
import { EYES_M, type Field, fieldOf, go, isAtEdge, look, startOf, type Walker } from './walker'

/** What one can do; each is a key, a button, and a step. */
export type Move = 'forward' | 'back' | 'left' | 'right' | 'turn_left' | 'turn_right' | 'up' | 'down'

export interface StreetOptions {
  canvas: HTMLCanvasElement
  /** Steps in place of gliding, for whoever asked for less motion. */
  still: boolean
  /** The edge of the scene was reached, or left. */
  onEdge: (at: boolean) => void
}

export interface Street {
  readonly walker: Walker
  /** Go on moving until `release`; with `still` one step now and one every so often. */
  hold: (move: Move) => void
  release: (move: Move) => void
  step: (move: Move) => void
  toStart: () => void
  end: () => void
}

const FOV_DEG = 60
const NEAR_M = 0.1
const SPEED_M_S = 2
const TURN_DEG_S = 60
const STEP_M = 1
const STEP_DEG = 20
const STEP_EVERY_MS = 450
const LONGEST_FRAME_S = 0.1
const DEG_PER_PX = 0.2
const MAX_PIXEL_RATIO = 2

/** Metres forward and right, degrees right and up, of one second. */
const MOVES: Record<Move, [forward: number, right: number, turn: number, up: number]> = {
  forward: [1, 0, 0, 0],
  back: [-1, 0, 0, 0],
  left: [0, -1, 0, 0],
  right: [0, 1, 0, 0],
  turn_left: [0, 0, -1, 0],
  turn_right: [0, 0, 1, 0],
  up: [0, 0, 0, 1],
  down: [0, 0, 0, -1]
}

const KEYS: Record<string, Move> = {
  KeyW: 'forward',
  ArrowUp: 'forward',
  KeyS: 'back',
  ArrowDown: 'back',
  KeyA: 'left',
  KeyD: 'right',
  ArrowLeft: 'turn_left',
  ArrowRight: 'turn_right',
  PageUp: 'up',
  PageDown: 'down'
}

/** Begin a walk; `lend` is the stage's. Null while nothing stands there. */
export function walkStreet(lend: (onChange: () => void) => WorldLoan | null, options: StreetOptions): Street | null {
  let walk: StreetWalk | null = null
  const loan = lend(() => walk?.invalidate())
  if (loan === null) return null
  walk = new StreetWalk(loan, options)
  return walk
}

class StreetWalk implements Street {
  walker: Walker
  private readonly camera: PerspectiveCamera
  private readonly field: Field
  private readonly held = new Set<Move>()
  private readonly leaving = new AbortController()
  private readonly unsurround: () => void
  private readonly watcher: ResizeObserver
  private request = 0
  private drawn_at = 0
  private stepped_at = Number.NEGATIVE_INFINITY
  private atEdge = false

  constructor(
    private readonly loan: WorldLoan,
    private readonly options: StreetOptions
  ) {
    const { extent, facing_deg } = loan
    this.camera = new PerspectiveCamera(FOV_DEG, 1, NEAR_M, extent.radius_m * 50 + 100)
    this.camera.rotation.order = 'YXZ'
    this.field = fieldOf(extent)
    this.unsurround = surround(loan.world, extent)
    this.watcher = new ResizeObserver(() => this.resize())
    this.watcher.observe(options.canvas.parentElement ?? options.canvas)
    this.resize()
    this.walker = startOf(extent, facing_deg, { fov_deg: FOV_DEG, aspect: this.camera.aspect })
    this.listen()
    this.invalidate()
  }

  hold(move: Move): void {
    if (this.held.has(move)) return
    this.held.add(move)
    if (this.options.still) {
      this.step(move)
      this.stepped_at = performance.now()
    }
    this.drawn_at = performance.now()
    this.invalidate()
  }

  release(move: Move): void {
    this.held.delete(move)
  }

  step(move: Move): void {
    const [forward, right, turn, up] = MOVES[move]
    this.become(go(look(this.walker, turn * STEP_DEG, up * STEP_DEG), forward * STEP_M, right * STEP_M, this.field))
  }

  toStart(): void {
    const lens = { fov_deg: FOV_DEG, aspect: this.camera.aspect }
    this.become(startOf(this.loan.extent, this.loan.facing_deg, lens))
  }

  invalidate(): void {
    if (this.request === 0 && !this.leaving.signal.aborted) {
      this.request = requestAnimationFrame((now) => this.draw(now))
    }
  }

  end(): void {
    if (this.leaving.signal.aborted) return
    this.leaving.abort()
    cancelAnimationFrame(this.request)
    this.watcher.disconnect()
    this.unsurround()
    this.loan.giveBack()
  }

  private become(walker: Walker): void {
    this.walker = walker
    const atEdge = isAtEdge(walker, this.field)
    if (atEdge !== this.atEdge) this.options.onEdge(atEdge)
    this.atEdge = atEdge
    this.invalidate()
  }

  private draw(now: number): void {
    this.request = 0
    const passed_s = Math.min(LONGEST_FRAME_S, Math.max(0, now - this.drawn_at) / 1000)
    this.drawn_at = now
    if (this.held.size > 0) {
      if (this.options.still) this.stepInTime(now)
      else this.glide(passed_s)
      this.invalidate()
    }
    const { x_m, z_m, yaw_deg, pitch_deg } = this.walker
    this.camera.position.set(x_m, this.field.floor_m + EYES_M, z_m)
    this.camera.rotation.set((pitch_deg * Math.PI) / 180, (-yaw_deg * Math.PI) / 180, 0)
    this.loan.renderer.render(this.loan.world.scene, this.camera)
  }

  private stepInTime(now: number): void {
    if (now - this.stepped_at < STEP_EVERY_MS) return
    this.stepped_at = now
    for (const move of this.held) this.step(move)
  }

  private glide(passed_s: number): void {
    let next = this.walker
    for (const move of this.held) {
      const [forward, right, turn, up] = MOVES[move]
      next = look(next, turn * TURN_DEG_S * passed_s, up * TURN_DEG_S * passed_s)
      next = go(next, forward * SPEED_M_S * passed_s, right * SPEED_M_S * passed_s, this.field)
    }
    this.become(next)
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.options.canvas.parentElement ?? this.options.canvas
    if (width === 0 || height === 0) return
    this.loan.renderer.setPixelRatio(Math.min(devicePixelRatio, MAX_PIXEL_RATIO))
    this.loan.renderer.setSize(width, height, false)
    this.camera.aspect = width / height
    this.camera.updateProjectionMatrix()
    this.invalidate()
  }

  private listen(): void {
    const { signal } = this.leaving
    const { canvas } = this.options
    const page = canvas.ownerDocument
    page.addEventListener('keydown', (event) => this.press(event), { signal })
    page.addEventListener('keyup', (event) => this.lift(event), { signal })
    // a key that is let go elsewhere is never heard of here
    page.defaultView?.addEventListener('blur', () => this.held.clear(), { signal })
    canvas.addEventListener('pointerdown', ({ pointerId }) => canvas.setPointerCapture(pointerId), { signal })
    canvas.addEventListener('pointermove', (event) => this.drag(event), { signal })
    canvas.addEventListener('webglcontextrestored', () => this.invalidate(), { signal })
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target instanceof Element && event.target.closest('input, select, textarea, .panel') !== null) return
    const move = KEYS[event.code]
    if (move === undefined && event.key !== 'Home') return
    event.preventDefault()
    if (move === undefined) this.toStart()
    else this.hold(move)
  }

  private lift(event: KeyboardEvent): void {
    const move = KEYS[event.code]
    if (move !== undefined) this.release(move)
  }

  /** The picture is held by the finger: dragged to the left, one looks to the right. */
  private drag(event: PointerEvent): void {
    if (event.buttons !== 1) return
    this.become(look(this.walker, -event.movementX * DEG_PER_PX, event.movementY * DEG_PER_PX))
  }
}
