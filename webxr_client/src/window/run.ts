/** One look through the magic window, from the first picture of the camera to the last. */
import { PerspectiveCamera, Quaternion } from 'three'
import type { SignPose, SurveyPoint } from '../align/estimator'
import type { Fix } from '../geo/trigger'
import { type Surrounding, surround } from '../orbit/occluders'
import type { Loan } from '../orbit/stage'
import type { Lookout } from '../scan/look'
import { type Stood, tellStood } from '../stood'
import type { Aligning } from '../wire'
import { comfortableDistance } from '../xr/placing'
import { type Anchoring, startAnchoring } from './anchoring'
import { aheadDeg, angleBetweenDeg, type Turn } from './attitude'
import { closeCamera, compose, makePicture } from './camera'
import { Figure } from './figure'
import { openingDeg, pinch, readLens, writeLens } from './lens'
import { listenForPinch } from './pinch'
import { type Heading, watchSensors } from './sensors'
import type { WindowOptions, WindowSession, WindowState } from './session'
import { type Steady, steady } from './steady'
import { isStriding, type Stride, watchSteps } from './steps'

const NORTH_MS = 4000 // a compass that is there has spoken by then
const SILENCE_MS = 2000 // sensors that are there speak many times a second
const NEAR_M = 0.05
const FAR_M = 400
const MAX_PIXEL_RATIO = 2
const SEEN_DEG = 0.01 // less than a third of a pixel
const STIRRED_DEG_S = 15 // a phone that lies there never turns so fast
const FAR_ENOUGH_M = 30 // nobody can step back here, so it stands where all of it is seen, but not farther than this
const NEAREST_M = 1
const FARTHEST_M = 60

export class WindowRun implements WindowSession {
  state: WindowState = 'waiting'
  lens_deg: number
  away_m: number
  lacksNorth = false
  private readonly camera = new PerspectiveCamera(50, 1, NEAR_M, FAR_M)
  private readonly figure: Figure
  private readonly picture: HTMLVideoElement
  private readonly leaving = new AbortController()
  private readonly stopSensors: () => void
  private readonly stopSteps: () => void
  private readonly silence: ReturnType<typeof setTimeout>
  private readonly northless: ReturnType<typeof setTimeout>
  private readonly watcher: ResizeObserver
  private readonly anchoring: Anchoring | null
  private readonly buildings: Surrounding
  private readonly stood: Stood
  private held: Steady | null = null
  private ahead_rad = 0
  private request = 0
  private walks = false
  private bare = false
  private drawn: Turn | null = null

  constructor(
    private readonly loan: Loan,
    private readonly options: WindowOptions
  ) {
    const { container, stream, view, node, frame } = options
    this.anchoring = frame === null ? null : startAnchoring(node, frame, options.trace, () => this.reckon())
    this.stood = tellStood(options.tell)
    this.lens_deg = readLens(view.localStorage)
    this.figure = new Figure(loan)
    this.buildings = surround(loan, node, options.occluders)
    loan.serve({ eye: this.camera, onChange: () => this.change(), takePicture: () => this.takePicture() })
    this.away_m = 0
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
    const headingDeg = (): number | null => (this.held === null ? null : aheadDeg(this.held.turn))
    this.stopSteps = watchSteps(view, headingDeg, (stride) => this.walk(stride))
    this.northless = setTimeout(() => this.setNorthless(true), NORTH_MS)
    this.silence = setTimeout(() => this.become('silent'), SILENCE_MS)
    this.resize()
    this.away_m = this.wholeAwayM()
  }

  /** By the visitor's hand, or by itself on the floor that is taken to be there. */
  put(by: Aligning = 'hand'): void {
    if (this.held === null) return
    this.stood.placed(by)
    this.ahead_rad = (aheadDeg(this.held.turn) * Math.PI) / 180
    this.buildings.stand(false)
    this.standAhead()
    this.become('standing')
  }

  approach(factor: number): void {
    this.away_m = Math.min(FARTHEST_M, Math.max(NEAREST_M, this.away_m / factor))
    this.standAhead()
    this.options.callbacks.onAdjust()
  }

  get metres(): number | null {
    return this.state === 'overlaid' ? (this.anchoring?.find()?.doubt.metres ?? null) : null
  }

  get wantsSighting(): boolean {
    return this.anchoring?.wantsSighting ?? false
  }

  rank<P extends SurveyPoint>(points: readonly P[]): P[] {
    return this.anchoring?.rank(points) ?? []
  }

  get canUndo(): boolean {
    return this.anchoring?.canUndo ?? false
  }

  hearFix(fix: Fix): void {
    this.anchoring?.hearFix(fix, performance.now())
  }

  /** Who walks must see the road and no picture over it. */
  private walk(stride: Stride): void {
    this.anchoring?.hearWay(stride.local)
    const walks = isStriding(stride)
    if (walks === this.walks) return
    this.walks = walks
    this.show()
    this.options.callbacks.onWalk(walks)
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

  bareView(bare: boolean): void {
    this.bare = bare
    this.show()
  }

  private show(): void {
    this.figure.veil(this.walks || this.bare)
    this.invalidate()
  }

  get lookout(): Lookout {
    return { video: this.picture, lensDeg: () => this.lens_deg, held: () => this.held }
  }

  stand(pose: SignPose, at_ms: number): boolean {
    return this.anchoring?.stand(pose, at_ms) ?? false
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
    this.stopSteps()
    this.watcher.disconnect()
    closeCamera(this.options.stream)
    this.picture.srcObject = null
    this.picture.remove()
    this.buildings.dispose()
    this.figure.dispose()
    this.loan.giveBack()
    this.options.callbacks.onEnd()
  }

  private turn(turn: Turn, at_ms: number): void {
    clearTimeout(this.silence)
    this.held = steady(this.held, turn, at_ms)
    if (this.held.speed_deg_s > STIRRED_DEG_S) this.options.callbacks.onTurn()
    if (this.state === 'waiting' || this.state === 'silent') this.put('floor')
    // a phone at rest speaks sixty times a second and says the same: nothing new is to be drawn
    if (this.drawn === null || angleBetweenDeg(this.drawn, this.held.turn) > SEEN_DEG) this.invalidate()
  }

  private standAhead(): void {
    this.figure.standBefore(this.ahead_rad, this.away_m)
    this.invalidate()
  }

  /** At its true place once that is known well enough, and back before the visitor when it no longer is. */
  private reckon(): void {
    const place = this.anchoring?.find() ?? null
    if (this.held === null || (place === null && this.state !== 'overlaid')) return
    if (place === null) {
      this.put('floor')
      return
    }
    this.figure.want(place, this.loan.ground_y)
    this.buildings.stand(true)
    this.invalidate()
    const by = this.anchoring?.by ?? 'floor'
    this.stood.found(by, place.doubt.metres)
    this.stood.placed(by)
    this.become('overlaid')
    this.options.callbacks.onAdjust()
  }

  /** How far away all of the model is seen, within reason. */
  private wholeAwayM(): number {
    const { min, max } = this.figure.box
    const tall = Math.tan((this.camera.fov * Math.PI) / 360)
    const across_m = Math.max((max[1] - min[1]) / tall, (max[0] - min[0]) / (tall * this.camera.aspect)) / 2
    return Math.max(comfortableDistance(this.figure.box), Math.min(across_m, FAR_ENOUGH_M))
  }

  /** Other eras are seen, or finer models. */
  private change(): void {
    this.buildings.follow()
    this.invalidate()
  }

  /** What the visitor sees: the camera's picture and the models in it; null before the camera has given one. */
  private takePicture(): HTMLCanvasElement | null {
    if (this.picture.videoWidth === 0) return null
    this.render()
    return compose(this.picture, this.options.stage.canvas) // within the task that drew it
  }

  private become(state: WindowState): void {
    if (this.state === state || this.leaving.signal.aborted) return
    this.state = state
    this.options.callbacks.onState(state)
  }

  private invalidate(): void {
    if (this.request === 0 && !this.leaving.signal.aborted) {
      this.request = requestAnimationFrame((now) => this.draw(now))
    }
  }

  private draw(now: number): void {
    this.request = 0
    const { moves, arrived } = this.figure.ease(now, this.options.still)
    if (arrived) this.loan.renderer.shadowMap.needsUpdate = true
    if (moves) this.invalidate()
    this.drawn = this.held?.turn ?? null
    this.render()
  }

  private render(): void {
    if (this.drawn !== null) this.camera.quaternion.copy(new Quaternion(...this.drawn))
    this.loan.renderer.render(this.figure.world.scene, this.camera)
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
