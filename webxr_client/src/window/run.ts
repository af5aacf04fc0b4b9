/** One look through the magic window, from the first picture of the camera to the last. */
import { Box3, Group, PerspectiveCamera, Quaternion } from 'three'
import type { Loan } from '../orbit/stage'
import { aimSun, createWorld, disposeWorld, layGround } from '../orbit/world'
import type { Point3 } from '../wire'
import { type Box, comfortableDistance, standBefore } from '../xr/placing'
import { aheadDeg, type Turn } from './attitude'
import { closeCamera, makePicture } from './camera'
import { openingDeg, pinch, readLens, writeLens } from './lens'
import { watchSensors } from './sensors'
import type { WindowOptions, WindowSession, WindowState } from './session'
import { type Steady, steady } from './steady'

/** How high the phone is held: nothing tells the page, and the page says so. */
export const EYES_M = 1.5
const SILENCE_MS = 2000 // sensors that are there speak many times a second
const NEAR_M = 0.05
const FAR_M = 400
const MAX_PIXEL_RATIO = 2
const FAR_ENOUGH_M = 30 // nobody can step back here, so it stands where all of it is seen, but not farther than this
const SUN: Point3 = [-0.55, 0.85, 0.5] // over the visitor's shoulder while north is not known
const NEAREST_M = 1
const FARTHEST_M = 60

export class WindowRun implements WindowSession {
  state: WindowState = 'waiting'
  lens_deg: number
  away_m: number
  private readonly world = createWorld()
  private readonly camera = new PerspectiveCamera(50, 1, NEAR_M, FAR_M)
  private readonly place3d = new Group()
  private readonly picture: HTMLVideoElement
  private readonly leaving = new AbortController()
  private readonly stopSensors: () => void
  private readonly silence: ReturnType<typeof setTimeout>
  private readonly watcher: ResizeObserver
  private readonly box: Box
  private readonly radius_m: number
  private held: Steady | null = null
  private ahead_rad = 0
  private request = 0

  constructor(
    private readonly loan: Loan,
    private readonly options: WindowOptions
  ) {
    const { container, stream, view } = options
    this.lens_deg = readLens(view.localStorage)
    this.place3d.add(loan.model)
    this.place3d.updateMatrixWorld(true)
    const { min, max } = new Box3().setFromObject(loan.model)
    this.box = { min: min.toArray(), max: max.toArray() }
    this.radius_m = min.distanceTo(max) / 2
    this.away_m = 0
    this.place3d.visible = false
    this.world.scene.add(this.place3d)
    this.picture = makePicture(container.ownerDocument, stream)
    container.prepend(this.picture)
    void this.picture.play().catch(() => undefined) // begins by itself once the page is seen again
    this.watcher = new ResizeObserver(() => this.resize())
    this.watcher.observe(container)
    this.listen()
    this.stopSensors = watchSensors(view, {
      onTurn: (turn, at_ms) => this.turn(turn, at_ms),
      onHeading: (heading) => options.callbacks.onHeading?.(heading)
    })
    this.silence = setTimeout(() => this.become('silent'), SILENCE_MS)
    this.resize()
    this.away_m = this.wholeAwayM()
  }

  put(): void {
    if (this.held === null) return
    this.ahead_rad = (aheadDeg(this.held.turn) * Math.PI) / 180
    this.stand()
    this.become('standing')
  }

  approach(factor: number): void {
    this.away_m = Math.min(FARTHEST_M, Math.max(NEAREST_M, this.away_m / factor))
    this.stand()
    this.options.callbacks.onAdjust()
  }

  enlarge(factor: number): void {
    this.lens_deg = pinch(this.lens_deg, factor)
    writeLens(this.options.view.localStorage, this.lens_deg)
    this.resize()
    this.options.callbacks.onAdjust()
  }

  end(): void {
    if (this.leaving.signal.aborted) return
    this.leaving.abort()
    clearTimeout(this.silence)
    cancelAnimationFrame(this.request)
    this.stopSensors()
    this.watcher.disconnect()
    closeCamera(this.options.stream)
    this.picture.srcObject = null
    this.picture.remove()
    this.place3d.remove(this.loan.model)
    disposeWorld(this.world)
    this.loan.giveBack()
    this.options.callbacks.onEnd()
  }

  private turn(turn: Turn, at_ms: number): void {
    clearTimeout(this.silence)
    this.held = steady(this.held, turn, at_ms)
    if (this.state === 'waiting' || this.state === 'silent') this.put()
    this.invalidate()
  }

  /** Before the visitor, in the direction that was chosen, its face at the distance that was chosen. */
  private stand(): void {
    const floor: Point3 = [Math.sin(this.ahead_rad), -EYES_M, -Math.cos(this.ahead_rad)]
    const { position, yaw_rad, distance_m } = standBefore([0, 0, 0], floor, this.box)
    const farther_m = this.away_m - distance_m
    this.place3d.rotation.set(0, yaw_rad, 0)
    this.moveTo([position[0] + floor[0] * farther_m, position[1], position[2] + floor[2] * farther_m])
  }

  /** How far away all of the model is seen, within reason. */
  private wholeAwayM(): number {
    const { min, max } = this.box
    const tall = Math.tan((this.camera.fov * Math.PI) / 360)
    const across_m = Math.max((max[1] - min[1]) / tall, (max[0] - min[0]) / (tall * this.camera.aspect)) / 2
    return Math.max(comfortableDistance(this.box), Math.min(across_m, FAR_ENOUGH_M))
  }

  private become(state: WindowState): void {
    if (this.state === state || this.leaving.signal.aborted) return
    this.state = state
    this.options.callbacks.onState(state)
  }

  private moveTo(position: Point3): void {
    this.place3d.position.set(...position)
    this.place3d.visible = true
    this.place3d.updateMatrixWorld(true)
    const { min, max } = new Box3().setFromObject(this.place3d)
    const middle: Point3 = [(min.x + max.x) / 2, (min.y + max.y) / 2, (min.z + max.z) / 2]
    aimSun(this.world, middle, this.radius_m, turnedBy(this.place3d.rotation.y, SUN))
    layGround(this.world, [middle[0], min.y, middle[2]], this.radius_m, null)
    this.loan.renderer.shadowMap.needsUpdate = true
    this.invalidate()
  }

  private invalidate(): void {
    if (this.request === 0 && !this.leaving.signal.aborted) {
      this.request = requestAnimationFrame(() => this.draw())
    }
  }

  private draw(): void {
    this.request = 0
    if (this.held !== null) this.camera.quaternion.copy(new Quaternion(...this.held.turn))
    this.loan.renderer.render(this.world.scene, this.camera)
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.options.container
    if (width === 0 || height === 0) return
    const { videoWidth, videoHeight } = this.picture
    const seen = videoWidth > 0 ? { width: videoWidth, height: videoHeight } : { width, height }
    this.loan.renderer.setPixelRatio(Math.min(devicePixelRatio, MAX_PIXEL_RATIO))
    this.loan.renderer.setSize(width, height, false)
    this.camera.aspect = width / height
    this.camera.fov = openingDeg(this.lens_deg, seen, { width, height })
    this.camera.updateProjectionMatrix()
    this.invalidate()
  }

  private listen(): void {
    const { signal } = this.leaving
    const { container, view, stage, stream, callbacks } = this.options
    this.picture.addEventListener('resize', () => this.resize(), { signal }) // its size is known, or the phone was turned
    view.document.addEventListener('visibilitychange', () => this.leaveUnseen(), { signal })
    view.addEventListener('pagehide', () => this.end(), { signal })
    stage.canvas.addEventListener('webglcontextlost', () => callbacks.onContext('lost'), { signal })
    stage.canvas.addEventListener('webglcontextrestored', () => this.restored(), { signal })
    for (const track of stream.getTracks()) track.addEventListener('ended', () => this.pause(), { signal })
    listenForPinch(container, (factor) => this.enlarge(factor), signal)
  }

  /** Nobody looks: the camera and the sensors go off. */
  private leaveUnseen(): void {
    if (this.options.view.document.visibilityState === 'hidden') this.pause()
  }

  /** Also when the phone takes the camera away, for a call. */
  private pause(): void {
    this.options.callbacks.onPause()
    this.end()
  }

  private restored(): void {
    this.loan.renderer.shadowMap.needsUpdate = true
    this.invalidate()
    this.options.callbacks.onContext('restored')
  }
}

function turnedBy(yaw_rad: number, [x, y, z]: Point3): Point3 {
  const [sin, cos] = [Math.sin(yaw_rad), Math.cos(yaw_rad)]
  return [x * cos + z * sin, y, z * cos - x * sin]
}

/** Two fingers that part make the model larger, and closer together smaller. */
function listenForPinch(place: HTMLElement, onPinch: (factor: number) => void, signal: AbortSignal): void {
  let apart_px = 0
  const apart = ({ touches: [a, b] }: TouchEvent): number =>
    a === undefined || b === undefined ? 0 : Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)
  place.addEventListener(
    'touchstart',
    (event) => {
      apart_px = apart(event)
    },
    { signal, passive: true }
  )
  place.addEventListener(
    'touchmove',
    (event) => {
      const now_px = apart(event)
      if (now_px === 0 || apart_px === 0) return
      onPinch(now_px / apart_px)
      apart_px = now_px
    },
    { signal, passive: true }
  )
}
