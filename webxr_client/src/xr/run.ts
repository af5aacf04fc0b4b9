/** One AR session from its first frame to its end. */
import { Box3, Group, PerspectiveCamera } from 'three'
import type { Loan } from '../orbit/stage'
import { aimSun, createWorld, disposeWorld, layGround } from '../orbit/world'
import type { Point3 } from '../wire'
import { disposeRing, type Floor, type FloorPoint, layRing, makeRing, openFloor } from './floor'
import { openLight, type RoomLight } from './light'
import { type Box, type Stand, standBefore } from './placing'
import type { ArOptions, ArSession, ArState } from './session'

const PATIENCE_MS = 600 // a single frame without floor or position is nothing to speak of
const NEAR_M = 0.05
const FAR_M = 300
const CONTROLS = 'button, a, input, select, label, summary, dialog'

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
  private readonly world = createWorld()
  private readonly camera = new PerspectiveCamera(50, 1, NEAR_M, FAR_M)
  private readonly ring = makeRing()
  private readonly place3d = new Group()
  private readonly box: Box
  private readonly radius_m: number
  private floor: Floor | null = null
  private light: RoomLight | null = null
  private anchor: { space: XRSpace; from: Point3; at: Point3 } | null = null
  private state: ArState = 'starting'
  private stand: Stand | null = null
  private wanted = false
  private seenFloor_at = Number.NEGATIVE_INFINITY
  private seenPose_at = Number.NEGATIVE_INFINITY
  private closed = false

  constructor(
    private readonly session: XRSession,
    private readonly loan: Loan,
    private readonly options: ArOptions
  ) {
    this.hasOverlay = Boolean(session.domOverlayState?.type)
    this.place3d.add(loan.model)
    this.place3d.updateMatrixWorld(true)
    const { min, max } = new Box3().setFromObject(loan.model)
    this.box = { min: min.toArray(), max: max.toArray() }
    this.radius_m = min.distanceTo(max) / 2
    this.place3d.visible = false
    this.world.scene.add(this.place3d, this.ring)
    this.onSelect = this.onSelect.bind(this)
    this.onBeforeSelect = this.onBeforeSelect.bind(this)
    session.addEventListener('select', this.onSelect)
    options.overlayRoot.addEventListener('beforexrselect', this.onBeforeSelect)
  }

  async open(): Promise<void> {
    const { renderer } = this.loan
    // after three's own listener, which gives the canvas its size back
    this.session.addEventListener('end', () => this.ended())
    this.floor = await openFloor(this.session)
    this.light = await openLight(this.session, this.world)
    renderer.xr.getReferenceSpace()?.addEventListener('reset', () => this.again())
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
    this.stand = null
    this.anchor = null
    this.wanted = false
    this.place3d.visible = false
    this.world.ground.visible = false
    this.become('searching')
  }

  async end(): Promise<void> {
    if (!this.closed) await this.session.end()
  }

  private onSelect(): void {
    if (this.stand !== null && !this.hasOverlay) this.again()
    this.wanted = this.stand === null
  }

  /** A tap on a control is meant for the control. */
  private onBeforeSelect(event: Event): void {
    if (event.target instanceof Element && event.target.closest(CONTROLS) !== null) event.preventDefault()
  }

  private draw(now: number, frame: XRFrame): void {
    const { renderer } = this.loan
    const space = renderer.xr.getReferenceSpace()
    const pose = space === null ? null : (frame.getViewerPose(space) ?? null) // null while the phone is lost
    if (space !== null && pose !== null && !pose.emulatedPosition) {
      this.seenPose_at = now
      const { x, y, z } = pose.transform.position
      if (this.stand === null) this.look(now, frame, space, [x, y, z])
      else this.keep(frame, space)
      if (this.stand !== null) this.light?.follow(frame, this.middle(this.stand), this.radius_m)
    }
    this.become(this.reckon(now))
    renderer.render(this.world.scene, this.camera)
  }

  private reckon(now: number): ArState {
    if (now - this.seenPose_at > PATIENCE_MS) return 'lost'
    if (this.stand !== null) return 'placed'
    return now - this.seenFloor_at > PATIENCE_MS ? 'searching' : 'ready'
  }

  private look(now: number, frame: XRFrame, space: XRReferenceSpace, eye: Point3): void {
    const found = this.floor?.find(frame, space, eye[1]) ?? null
    if (found !== null) {
      this.seenFloor_at = now
      layRing(this.ring, found.point, Math.hypot(found.point[0] - eye[0], found.point[2] - eye[2]))
      if (this.wanted) this.put(found, eye)
    } else if (now - this.seenFloor_at > PATIENCE_MS) {
      this.ring.visible = false
    }
  }

  private put(found: FloorPoint, eye: Point3): void {
    const stand = standBefore(eye, found.point, this.box)
    this.stand = stand
    this.wanted = false
    this.ring.visible = false
    this.place3d.visible = true
    this.world.ground.visible = true
    this.place3d.rotation.y = stand.yaw_rad
    this.moveTo(stand.position)
    this.hold(found, stand)
    const { min, max } = this.box
    const size_m: Point3 = [max[0] - min[0], max[1] - min[1], max[2] - min[2]]
    const placed = { size_m, distance_m: stand.distance_m }
    performance.mark('ar-placed', { detail: placed })
    this.options.callbacks.onPlaced?.(placed)
  }

  /** Where the browser can, hold on to the floor itself: tracking corrects its map while one walks. */
  private hold(found: FloorPoint, stand: Stand): void {
    const making = found.result.createAnchor?.()
    making?.then(
      (anchor) => {
        if (anchor !== undefined && this.stand === stand) {
          this.anchor = { space: anchor.anchorSpace, from: found.point, at: stand.position }
        }
      },
      () => undefined // without an anchor it stands where it was put, as on phones that have none
    )
  }

  private keep(frame: XRFrame, space: XRReferenceSpace): void {
    if (this.anchor === null) return
    const pose = frame.getPose(this.anchor.space, space) ?? null // null while the anchor is out of sight
    if (pose === null) return
    const { from, at } = this.anchor
    const { x, y, z } = pose.transform.position
    this.moveTo([at[0] + x - from[0], at[1] + y - from[1], at[2] + z - from[2]])
  }

  private moveTo(position: Point3): void {
    const { x, y, z } = this.place3d.position
    if (this.world.ground.children.length > 0 && Math.hypot(x - position[0], y - position[1], z - position[2]) < 1e-3) {
      return
    }
    this.place3d.position.set(...position)
    const middle = this.middle({ position })
    aimSun(this.world, middle, this.radius_m)
    layGround(this.world, [middle[0], position[1] + this.box.min[1], middle[2]], this.radius_m, null)
    this.loan.renderer.shadowMap.needsUpdate = true
  }

  private middle({ position }: { position: Point3 }): Point3 {
    return [position[0], position[1] + (this.box.min[1] + this.box.max[1]) / 2, position[2]]
  }

  private become(state: ArState): void {
    if (state === this.state || this.closed) return
    this.state = state
    this.options.callbacks.onState(state)
  }

  private ended(): void {
    if (this.closed) return
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
    this.session.removeEventListener('select', this.onSelect)
    this.options.overlayRoot.removeEventListener('beforexrselect', this.onBeforeSelect)
    disposeRing(this.ring)
    disposeWorld(this.world)
    this.loan.giveBack()
  }
}
