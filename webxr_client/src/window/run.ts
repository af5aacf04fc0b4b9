/** One look through the magic window, from the first picture of the camera to the last. */
import { Box3, Euler, Group, PerspectiveCamera, Quaternion } from 'three'
import type { SurveyPoint } from '../align/estimator'
import type { Fix } from '../geo/trigger'
import type { Loan } from '../orbit/stage'
import { aimSun, createWorld, disposeWorld, layGround } from '../orbit/world'
import type { Point3 } from '../wire'
import { type Box, comfortableDistance, standBefore } from '../xr/placing'
import { type Anchoring, startAnchoring } from './anchoring'
import { aheadDeg, type Turn } from './attitude'
import { closeCamera, makePicture } from './camera'
import { glide, type Stance } from './glide'
import { openingDeg, pinch, readLens, writeLens } from './lens'
import { listenForPinch } from './pinch'
import { type Heading, watchSensors } from './sensors'
import type { WindowOptions, WindowSession, WindowState } from './session'
import { type Steady, steady } from './steady'

/** How high the phone is held: nothing tells the page, and the page says so. */
export const EYES_M = 1.5
const NORTH_MS = 4000 // a compass that is there has spoken by then
const SILENCE_MS = 2000 // sensors that are there speak many times a second
const NEAR_M = 0.05
const FAR_M = 400
const MAX_PIXEL_RATIO = 2
const STIRRED_DEG_S = 15 // a phone that lies there never turns so fast
const FAR_ENOUGH_M = 30 // nobody can step back here, so it stands where all of it is seen, but not farther than this
const SUN: Point3 = [-0.55, 0.85, 0.5] // over the visitor's shoulder while north is not known
const NEAREST_M = 1
const FARTHEST_M = 60

export class WindowRun implements WindowSession {
  state: WindowState = 'waiting'
  lens_deg: number
  away_m: number
  lacksNorth = false
  private readonly world = createWorld()
  private readonly camera = new PerspectiveCamera(50, 1, NEAR_M, FAR_M)
  private readonly place3d = new Group()
  private readonly picture: HTMLVideoElement
  private readonly leaving = new AbortController()
  private readonly stopSensors: () => void
  private readonly silence: ReturnType<typeof setTimeout>
  private readonly northless: ReturnType<typeof setTimeout>
  private readonly watcher: ResizeObserver
  private readonly box: Box
  private readonly radius_m: number
  private readonly anchoring: Anchoring | null
  private held: Steady | null = null
  private shown: Stance | null = null
  private wanted: Stance | null = null
  private drawn_at = 0
  private ahead_rad = 0
  private request = 0

  constructor(
    private readonly loan: Loan,
    private readonly options: WindowOptions
  ) {
    const { container, stream, view, node, frame } = options
    this.anchoring = frame === null ? null : startAnchoring(node, frame, () => this.reckon())
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
      onHeading: (heading) => this.hearHeading(heading)
    })
    this.northless = setTimeout(() => this.setNorthless(true), NORTH_MS)
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

  get metres(): number | null {
    return this.state === 'overlaid' ? (this.anchoring?.find()?.doubt.metres ?? null) : null
  }

  get canUndo(): boolean {
    return this.anchoring?.canUndo ?? false
  }

  hearFix(fix: Fix): void {
    this.anchoring?.hearFix(fix, performance.now())
  }

  private hearHeading(heading: Heading): void {
    clearTimeout(this.northless)
    if (this.lacksNorth) this.setNorthless(false)
    this.anchoring?.hearHeading(heading)
  }

  private setNorthless(lacksNorth: boolean): void {
    this.lacksNorth = lacksNorth
    this.options.callbacks.onAdjust()
  }

  sight(point: SurveyPoint): void {
    if (this.held === null) return
    this.anchoring?.sight(point, aheadDeg(this.held.turn), performance.now())
  }

  turnBy(clockwise_deg: number): void {
    this.anchoring?.turn(clockwise_deg)
  }

  undo(): void {
    this.anchoring?.undo()
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
    clearTimeout(this.northless)
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
    if (this.held.speed_deg_s > STIRRED_DEG_S) this.options.callbacks.onTurn()
    if (this.state === 'waiting' || this.state === 'silent') this.put()
    this.invalidate()
  }

  /** Before the visitor, in the direction that was chosen, its face at the distance that was chosen. */
  private stand(): void {
    const floor: Point3 = [Math.sin(this.ahead_rad), -EYES_M, -Math.cos(this.ahead_rad)]
    const { position, yaw_rad, distance_m } = standBefore([0, 0, 0], floor, this.box)
    const farther_m = this.away_m - distance_m
    this.shown = null // chosen by hand: there at once
    this.moveTo({
      position: [position[0] + floor[0] * farther_m, position[1], position[2] + floor[2] * farther_m],
      turn: [0, Math.sin(yaw_rad / 2), 0, Math.cos(yaw_rad / 2)]
    })
  }

  /** At its true place once that is known well enough, and back before the visitor when it no longer is. */
  private reckon(): void {
    const place = this.anchoring?.find() ?? null
    if (this.held === null || (place === null && this.state !== 'overlaid')) return
    if (place === null) {
      this.put()
      return
    }
    this.moveTo({ position: place.position, turn: place.turn })
    this.become('overlaid')
    this.options.callbacks.onAdjust()
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

  private moveTo({ position, turn }: Stance): void {
    this.place3d.quaternion.set(...turn)
    this.place3d.position.set(0, 0, 0)
    this.place3d.updateMatrixWorld(true)
    const lowest_m = new Box3().setFromObject(this.place3d).min.y
    this.wanted = { position: [position[0], -EYES_M - lowest_m, position[2]], turn }
    this.drawn_at = performance.now()
    this.invalidate()
  }

  /** On its way to where it is wanted; true when it has come there just now. */
  private ease(now: number): boolean {
    if (this.wanted === null || this.shown === this.wanted) return false
    const passed_s = (now - this.drawn_at) / 1000
    this.drawn_at = now
    this.shown = glide(this.shown ?? this.wanted, this.wanted, passed_s, this.options.still)
    this.place3d.visible = true
    this.place3d.position.set(...this.shown.position)
    this.place3d.quaternion.set(...this.shown.turn)
    this.place3d.updateMatrixWorld(true)
    return this.shown === this.wanted
  }

  private light(): void {
    const { min, max } = new Box3().setFromObject(this.place3d)
    const middle: Point3 = [(min.x + max.x) / 2, (min.y + max.y) / 2, (min.z + max.z) / 2]
    const yaw_rad = new Euler().setFromQuaternion(this.place3d.quaternion, 'YXZ').y
    aimSun(this.world, middle, this.radius_m, turnedBy(yaw_rad, SUN))
    layGround(this.world, [middle[0], min.y, middle[2]], this.radius_m, null)
    this.loan.renderer.shadowMap.needsUpdate = true
  }

  private invalidate(): void {
    if (this.request === 0 && !this.leaving.signal.aborted) {
      this.request = requestAnimationFrame((now) => this.draw(now))
    }
  }

  private draw(now: number): void {
    this.request = 0
    if (this.ease(now)) this.light()
    if (this.shown !== this.wanted) this.invalidate()
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
