/** The same scene in a headset: a WebXR `immersive-vr` session that stands on its ground. */
import { Group, PerspectiveCamera } from 'three'
import type { WorldLoan } from './stage'
import { surround } from './surroundings'
import { type Field, fieldOf, go, goTo, look, startOf, type Walker } from './walker'

/** Why the headset did not begin; the page has a sentence for each, `vr_` and the code. */
export type HeadsetProblem = 'denied' | 'broken'

export interface Headset {
  readonly walker: Walker
  end: () => Promise<void>
}

export type HeadsetStart = { ok: true; headset: Headset } | { ok: false; problem: HeadsetProblem }

const STEP_M = 1
const TURN_DEG = 30
const PUSHED = 0.7 // of the way of a stick
const LET_GO = 0.3

/** Begin. Must be called from a tap, without waiting for anything before; `onEnd` hears the end once, whoever made it. */
export async function enterHeadset(
  lend: (onChange: () => void) => WorldLoan | null,
  onEnd: () => void
): Promise<HeadsetStart> {
  let session: XRSession | undefined
  try {
    session = await navigator.xr?.requestSession('immersive-vr', { requiredFeatures: ['local-floor'] })
  } catch (error) {
    const refused = error instanceof Error && ['NotAllowedError', 'SecurityError'].includes(error.name)
    return { ok: false, problem: refused ? 'denied' : 'broken' }
  }
  const loan = session === undefined ? null : lend(() => undefined) // a session draws every frame anyway
  if (session === undefined || loan === null) {
    await session?.end()
    return { ok: false, problem: 'broken' }
  }
  const run = new HeadsetRun(session, loan, onEnd)
  try {
    await run.open()
  } catch {
    await session.end().catch(() => undefined) // it may have ended by itself, which is why we are here
    run.close()
    return { ok: false, problem: 'broken' }
  }
  return { ok: true, headset: run }
}

class HeadsetRun implements Headset {
  walker: Walker
  private readonly camera = new PerspectiveCamera(70, 1, 0.05, 1000)
  private readonly rig = new Group()
  private readonly field: Field
  private readonly unsurround: () => void
  private pushed = false
  private closed = false

  constructor(
    private readonly session: XRSession,
    private readonly loan: WorldLoan,
    private readonly onEnd: () => void
  ) {
    this.field = fieldOf(loan.extent)
    this.walker = startOf(loan.extent, loan.facing_deg, { fov_deg: 70, aspect: 1 })
    this.unsurround = surround(loan.world, loan.extent)
    this.rig.add(this.camera)
    loan.world.scene.add(this.rig)
    this.stand()
  }

  async open(): Promise<void> {
    const { renderer, world } = this.loan
    renderer.xr.enabled = true
    renderer.xr.setReferenceSpaceType('local-floor')
    await renderer.xr.setSession(this.session)
    // after three's own listener, which gives the canvas its size back
    this.session.addEventListener('end', () => this.ended())
    this.session.addEventListener('select', (event) => this.point(event))
    renderer.shadowMap.needsUpdate = true
    renderer.setAnimationLoop(() => {
      this.readSticks()
      renderer.render(world.scene, this.camera)
    })
  }

  async end(): Promise<void> {
    if (!this.closed) await this.session.end()
  }

  /** Go where the hand points to on the ground. */
  private point({ frame, inputSource }: XRInputSourceEvent): void {
    const space = this.loan.renderer.xr.getReferenceSpace()
    const pose = space === null ? undefined : frame.getPose(inputSource.targetRaySpace, space)
    if (pose === undefined) return
    const { matrix, position } = pose.transform
    const [dx, dy, dz] = [-(matrix[8] ?? 0), -(matrix[9] ?? 0), -(matrix[10] ?? 0)]
    if (dy > -0.05) return // level or upwards: never meets the ground nearby
    const far = position.y / -dy
    const there = this.rig.localToWorld(this.rig.position.clone().set(position.x + dx * far, 0, position.z + dz * far))
    this.walker = goTo(this.walker, there.x, there.z, this.field)
    this.stand()
  }

  /** Turns and steps at once, never a glide: that makes many people sick in a headset. */
  private readSticks(): void {
    const axes = [...this.session.inputSources].flatMap(({ gamepad }) => (gamepad ? [gamepad.axes.slice(-2)] : []))
    const x = strongest(axes.map(([value = 0]) => value))
    const y = strongest(axes.map(([, value = 0]) => value))
    const size = Math.max(Math.abs(x), Math.abs(y))
    if (size < LET_GO) this.pushed = false
    if (this.pushed || size < PUSHED) return
    this.pushed = true
    this.walker =
      Math.abs(x) > Math.abs(y)
        ? look(this.walker, Math.sign(x) * TURN_DEG, 0)
        : go(this.walker, -Math.sign(y) * STEP_M, 0, this.field)
    this.stand()
  }

  private stand(): void {
    this.rig.position.set(this.walker.x_m, this.field.floor_m, this.walker.z_m)
    this.rig.rotation.y = (-this.walker.yaw_deg * Math.PI) / 180
    this.rig.updateMatrixWorld(true)
  }

  private ended(): void {
    this.close()
    this.onEnd()
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    const { renderer, world } = this.loan
    renderer.setAnimationLoop(null)
    renderer.xr.enabled = false
    world.scene.remove(this.rig)
    this.unsurround()
    this.loan.giveBack()
  }
}

function strongest(values: number[]): number {
  return values.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0)
}
