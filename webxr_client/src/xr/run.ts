/** One AR session from its first frame to its end. */
import { PerspectiveCamera } from 'three'
import { type Gait, stand, stepGait } from '../geo/walking'
import { type Surrounding, surround } from '../orbit/occluders'
import type { Loan } from '../orbit/stage'
import { createWorld, disposeWorld } from '../orbit/world'
import { type Stood, tellStood } from '../stood'
import type { Turn } from '../window/attitude'
import type { Point3 } from '../wire'
import { type Alignment, lookingDeg, startAlignment } from './alignment'
import { watchCompass } from './compass'
import { type Edges, makeEdges } from './edges'
import { disposeRing, type Floor, type FloorPoint, layRing, makeRing, openFloor } from './floor'
import { type Hold, holdOn } from './hold'
import { openLight, type RoomLight } from './light'
import { type Stand, standBefore } from './placing'
import type { ArOptions, ArSession, ArState } from './session'
import { makeStanding, type Standing } from './standing'
import { hasStirred, type Rest } from './stir'

const PATIENCE_MS = 600 // a single frame without floor or position is nothing to speak of
const LOOKED_MS = 8000 // a phone that is moved about finds a floor sooner
const EYES_M = 1.5 // how high the phone is held, until the floor is found
const NEAR_M = 0.05
const FAR_M = 300
const CONTROLS = 'button, a, input, select, label, summary, dialog, .eras'

/** Begin drawing a session. Throws when the browser cannot give what the session promised. */
export async function beginRun(session: XRSession, loan: Loan, options: ArOptions): Promise<ArSession> {
  const { renderer } = loan
  renderer.xr.enabled = true
  renderer.xr.setReferenceSpaceType('local')
  const run = new Run(session, loan, options)
  try {
    await renderer.xr.setSession(session)
    await run.open()
  } catch (error) {
    await session.end().catch(() => undefined) // it may have ended by itself, which is why we are here
    run.close()
    throw error
  }
  return run
}

class Run implements ArSession {
  readonly hasOverlay: boolean
  readonly alignment: Alignment | null
  aiming = false
  private readonly world = createWorld()
  private readonly camera = new PerspectiveCamera(50, 1, NEAR_M, FAR_M)
  private readonly ring = makeRing()
  private readonly standing: Standing
  private readonly edges: Edges | null
  private readonly buildings: Surrounding
  private readonly stopCompass: () => void
  private readonly stood: Stood
  private readonly begun_at = performance.now()
  private floor: Floor | null = null
  private light: RoomLight | null = null
  private hold: Hold | null = null
  private floor_m: number | null = null
  private state: ArState = 'starting'
  private placed: Stand | null = null
  private overlaid = false
  private metres: number | null = null
  private gait: Gait | null = null
  private rest: Rest | null = null
  private wanted = false
  private seenFloor_at = Number.NEGATIVE_INFINITY
  private seenPose_at = Number.NEGATIVE_INFINITY
  /** Since when frames have come without a place; a page that is merely slow has lost nothing. */
  private lost_at: number | null = null
  private drawn_at = 0
  private closed = false

  constructor(
    private readonly session: XRSession,
    private readonly loan: Loan,
    private readonly options: ArOptions
  ) {
    this.stood = tellStood(options.tell)
    this.hasOverlay = Boolean(session.domOverlayState?.type)
    const { frame, node, trace, carried } = options
    this.alignment = frame === null ? null : startAlignment(node, frame, trace, carried)
    this.standing = makeStanding(loan, this.world, options.still)
    this.stopCompass = watchCompass(window, (magnetic_deg, at_ms) => this.alignment?.hearHeading(magnetic_deg, at_ms))
    this.edges = frame === null ? null : makeEdges(options.hazards ?? [], node, frame.origin)
    this.buildings = surround(loan, node, options.occluders ?? [])
    loan.serve({ eye: this.camera, onChange: () => this.buildings.follow() })
    this.world.scene.add(this.ring)
    if (this.edges !== null) this.world.scene.add(this.edges.group)
    this.onSelect = this.onSelect.bind(this)
    this.onBeforeSelect = this.onBeforeSelect.bind(this)
    session.addEventListener('select', this.onSelect)
    options.overlayRoot.addEventListener('beforexrselect', this.onBeforeSelect)
  }

  get doubt_m(): number | null {
    return this.metres
  }

  async open(): Promise<void> {
    const { renderer } = this.loan
    // after three's own listener, which gives the canvas its size back
    this.session.addEventListener('end', () => this.ended())
    this.floor = await openFloor(this.session)
    this.light = await openLight(this.session, this.world)
    renderer.xr.getReferenceSpace()?.addEventListener('reset', () => this.reset())
    renderer.setAnimationLoop((now, frame) => {
      if (frame !== undefined) this.draw(now, frame)
    })
    this.become('searching')
  }

  place(): boolean {
    this.wanted = this.ring.visible
    return this.wanted
  }

  again(): void {
    this.placed = null
    this.overlaid = false
    this.stood.gone()
    this.hold = null
    this.wanted = false
    this.standing.takeAway()
    this.edges?.takeAway()
    this.buildings.stand(false)
    this.become('searching')
  }

  async end(): Promise<void> {
    if (!this.closed) await this.session.end()
  }

  /** The tracked frame began anew: nothing stands where it stood. */
  private reset(): void {
    this.alignment?.reset()
    this.floor_m = null
    this.gait = null
    this.again()
  }

  private onSelect(): void {
    if (this.aiming || this.overlaid) return
    if (this.placed !== null && !this.hasOverlay) this.again()
    this.wanted = this.placed === null
  }

  /** A tap on a control is meant for the control. */
  private onBeforeSelect(event: Event): void {
    if (event.target instanceof Element && event.target.closest(CONTROLS) !== null) event.preventDefault()
  }

  private draw(now: number, frame: XRFrame): void {
    const { renderer } = this.loan
    const space = renderer.xr.getReferenceSpace()
    const pose = space === null ? null : (frame.getViewerPose(space) ?? null) // null while the phone is lost
    if (space !== null && pose !== null && !pose.emulatedPosition) this.follow(now, frame, space, pose.transform)
    else this.lost_at ??= now
    this.standing.step((now - this.drawn_at) / 1000)
    this.drawn_at = now
    this.become(this.reckon(now))
    renderer.render(this.world.scene, this.camera)
  }

  private follow(
    now: number,
    frame: XRFrame,
    space: XRReferenceSpace,
    { position, orientation }: XRRigidTransform
  ): void {
    const eye: Point3 = [position.x, position.y, position.z]
    const { x, y, z, w } = orientation
    const lost_ms = this.lost_at === null ? 0 : now - this.lost_at
    if (lost_ms > PATIENCE_MS) this.alignment?.found(lost_ms / 1000)
    this.lost_at = null
    this.seenPose_at = now
    const heading_deg = lookingDeg([x, y, z, w])
    if (heading_deg !== null) this.alignment?.track({ position: eye, heading_deg, at_ms: now })
    this.look(now, frame, space, eye)
    this.standTrue()
    if (!this.overlaid) this.keep(frame, space)
    this.walk(now, eye)
    this.mind(eye, [x, y, z, w])
    const { middle, radius_m } = this.standing
    if (middle !== null) this.light?.follow(frame, middle, radius_m)
  }

  private reckon(now: number): ArState {
    if (now - this.seenPose_at > PATIENCE_MS) return 'lost'
    if (this.overlaid) return 'overlaid'
    if (this.placed !== null) return 'placed'
    return now - this.seenFloor_at > PATIENCE_MS ? 'searching' : 'ready'
  }

  /** The floor: where the ring lies before anything stands, and again when the visitor has walked on. */
  private look(now: number, frame: XRFrame, space: XRReferenceSpace, eye: Point3): void {
    const stands = this.placed !== null || this.overlaid
    const needed = !stands || this.floor_m === null || (this.hold?.isFar(eye) ?? false)
    const found = needed ? (this.floor?.find(frame, space, eye[1]) ?? null) : null
    if (found !== null) {
      this.floor_m = found.point[1]
      if (stands) this.hold?.renew(found)
      else this.layRing(now, found, eye)
    }
    if (stands || now - this.seenFloor_at > PATIENCE_MS) this.ring.visible = false
  }

  private layRing(now: number, found: FloorPoint, eye: Point3): void {
    this.seenFloor_at = now
    layRing(this.ring, found.point, Math.hypot(found.point[0] - eye[0], found.point[2] - eye[2]))
    if (this.wanted) this.put(found, eye)
  }

  private put(found: FloorPoint, eye: Point3): void {
    const placed = standBefore(eye, found.point, this.standing.box)
    this.placed = placed
    this.wanted = false
    this.standing.put(placed.position, about(placed.yaw_rad), this.standing.box.min[1])
    this.hold = holdOn(found)
    const { min, max } = this.standing.box
    const size_m: Point3 = [max[0] - min[0], max[1] - min[1], max[2] - min[2]]
    const told = { size_m, distance_m: placed.distance_m }
    performance.mark('ar-placed', { detail: told })
    this.options.callbacks.onPlaced?.(told)
    this.stood.placed('floor')
  }

  /** At its true place once that is known well enough, and back to the floor when it no longer is. */
  private standTrue(): void {
    const place = this.alignment?.find() ?? null
    if (place === null) {
      if (this.overlaid) this.again()
      return
    }
    const floor_m = this.floor_m ?? -EYES_M
    this.metres = place.doubt.metres
    this.placed = null
    this.overlaid = true
    const { ground_y } = this.loan
    this.standing.put([place.position[0], floor_m - ground_y, place.position[2]], place.turn, ground_y)
    this.edges?.lay(place.position, place.turn, floor_m)
    this.buildings.stand(true)
    this.tellTrue(place.doubt.metres)
  }

  private tellTrue(doubt_m: number): void {
    const by = this.alignment?.by ?? 'floor'
    this.stood.found(by, doubt_m)
    this.stood.placed(by)
  }

  private keep(frame: XRFrame, space: XRReferenceSpace): void {
    const shift = this.placed === null ? null : (this.hold?.shift(frame, space) ?? null)
    if (shift === null || this.placed === null) return
    const [x, y, z] = this.placed.position
    const position: Point3 = [x + shift[0], y + shift[1], z + shift[2]]
    this.standing.put(position, about(this.placed.yaw_rad), this.standing.box.min[1])
  }

  /** Who walks must see the way and not a picture over it. */
  private walk(now: number, eye: Point3): void {
    const before = this.gait ?? stand(eye[0], -eye[2], now)
    this.gait = stepGait(before, eye[0], -eye[2], now)
    this.standing.veil(this.gait.walking)
    if (before.walking !== this.gait.walking) this.options.callbacks.onWalk?.(this.gait.walking)
  }

  /** Where edges are near, and that somebody is there at all. */
  private mind(eye: Point3, turn: Turn): void {
    const { callbacks } = this.options
    if (this.edges !== null && this.overlaid) callbacks.onEdge?.(this.edges.show(eye))
    if (this.rest !== null && !hasStirred(this.rest, eye, turn)) return
    this.rest = { position: eye, turn }
    callbacks.onStir?.()
  }

  private become(state: ArState): void {
    if (state === this.state || this.closed) return
    this.state = state
    if (state === 'ready') this.stood.found('floor', null)
    if (state === 'overlaid') performance.mark('ar-overlaid', { detail: { middle: this.standing.middle } })
    this.options.callbacks.onState(state)
  }

  private ended(): void {
    if (this.closed) return
    // who looked for a while and never had a floor to place the model on
    const looked_ms = performance.now() - this.begun_at
    const stood = this.floor_m !== null || this.overlaid
    if (!stood && looked_ms > LOOKED_MS) this.options.tell({ type: 'failed', reason: 'no_floor' })
    this.become('off')
    this.close()
    this.options.callbacks.onEnd()
  }

  /** Give everything back; the orbit view draws again. */
  close(): void {
    if (this.closed) return
    this.closed = true
    const { renderer } = this.loan
    renderer.setAnimationLoop(null)
    renderer.xr.enabled = false
    this.stopCompass()
    this.options.carried?.stop()
    this.session.removeEventListener('select', this.onSelect)
    this.options.overlayRoot.removeEventListener('beforexrselect', this.onBeforeSelect)
    disposeRing(this.ring)
    this.edges?.dispose()
    this.buildings.dispose()
    disposeWorld(this.world)
    this.loan.giveBack()
  }
}

function about(yaw_rad: number): Turn {
  return [0, Math.sin(yaw_rad / 2), 0, Math.cos(yaw_rad / 2)]
}
