/** The eye of the orbit view: a camera that circles a scene, by hand or by words. */
import { PerspectiveCamera, Spherical, Vector3 } from 'three'
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js'
import { directionOf, type Extent, fitDistance, type Lens } from './frame'
import { type Covered, FIRST_ABOVE_DEG, FOV_DEG, freeLens, freeShare, raisedPx } from './layout'

const FLIGHT_MS = 250
const LOWEST_RAD = Math.PI / 2 - 0.03 // never below the ground
const HIGHEST_RAD = 0.15

interface Flight {
  from: Spherical
  to: Spherical
  began_at: number
}

/** On the way from one layout of the page to another. */
interface Slide {
  from: Covered
  to: Covered
  began_at: number
}

export class View {
  readonly camera = new PerspectiveCamera(FOV_DEG, 1, 0.05, 1000)
  private readonly controls: OrbitControls
  private extent: Extent | null = null
  private first = new Spherical(1, 1, 0)
  private flight: Flight | null = null
  private touched = false
  private free = 1
  private size = { width_px: 1, height_px: 1 }
  private covered: Covered = { top_px: 0, bottom_px: 0 }
  private slide: Slide | null = null

  constructor(
    canvas: HTMLCanvasElement,
    private readonly still: boolean,
    private readonly onChange: () => void
  ) {
    this.controls = new OrbitControls(this.camera, canvas)
    this.controls.enableDamping = !still
    this.controls.dampingFactor = 0.12
    this.controls.enablePan = false
    this.controls.rotateSpeed = 0.7
    this.controls.minPolarAngle = HIGHEST_RAD
    this.controls.maxPolarAngle = LOWEST_RAD
    this.controls.addEventListener('change', onChange)
    this.controls.addEventListener('start', () => {
      this.flight = null // a hand on the view always wins
      this.touched = true
    })
  }

  /** Look at a scene from a compass direction, all of it in view. */
  frame(extent: Extent, around_deg: number): void {
    this.extent = extent
    this.touched = false
    const direction = directionOf(around_deg, FIRST_ABOVE_DEG)
    const away_m = fitDistance(extent, direction, this.lens())
    this.controls.target.set(...extent.middle)
    this.controls.minDistance = extent.radius_m * 0.35
    this.controls.maxDistance = Math.max(away_m * 1.6, extent.radius_m * 4)
    this.camera.near = extent.radius_m / 100
    this.camera.far = this.controls.maxDistance + extent.radius_m * 8
    this.camera.updateProjectionMatrix()
    this.first.setFromVector3(new Vector3(...direction).multiplyScalar(away_m))
    this.stand(this.first)
  }

  /** A view of so many pixels, whose upper and lower parts the page covers: the scene stands in the free middle. */
  resize(width_px: number, height_px: number, covered: Covered): void {
    this.size = { width_px, height_px }
    this.slide = null
    this.lay(covered)
  }

  /** The page covers more or less of the same view: the scene goes there without a jump. */
  slideTo(covered: Covered): void {
    const to = this.slide?.to ?? this.covered
    if (covered.top_px === to.top_px && covered.bottom_px === to.bottom_px) return
    if (this.still) this.lay(covered)
    else this.slide = { from: this.covered, to: covered, began_at: performance.now() }
    this.onChange()
  }

  private lay(covered: Covered): void {
    const { width_px, height_px } = this.size
    this.covered = covered
    this.free = freeShare(height_px, covered)
    this.camera.aspect = width_px / height_px
    this.camera.setViewOffset(width_px, height_px, 0, raisedPx(covered), width_px, height_px)
    if (this.extent !== null && !this.touched) this.refit(this.extent)
    this.onChange()
  }

  private refit(extent: Extent): void {
    const direction = new Vector3().setFromSpherical(this.first).normalize().toArray()
    this.first.radius = fitDistance(extent, direction, this.lens())
    this.stand(this.first)
  }

  /** The part of the lens that sees the free middle of the view. */
  private lens(): Lens {
    return freeLens(this.camera.aspect, this.free)
  }

  /** Turn to the right and up by degrees. */
  turn(right_deg: number, up_deg: number): void {
    const to = this.aim()
    to.theta += (right_deg * Math.PI) / 180
    to.phi -= (up_deg * Math.PI) / 180
    this.fly(to)
  }

  /** Come nearer (factor below 1) or go away. */
  zoom(factor: number): void {
    const to = this.aim()
    to.radius *= factor
    this.fly(to)
  }

  reset(): void {
    this.fly(this.first.clone())
    this.touched = false
  }

  /** Turn so that a point of the scene is on the near side. */
  face(point: Vector3): void {
    const to = this.aim()
    const out = point.clone().sub(this.controls.target)
    if (Math.hypot(out.x, out.z) > 1e-3) to.theta = Math.atan2(out.x, out.z)
    this.fly(to)
  }

  /** One frame; true while the view still moves by itself. */
  update(now: number): boolean {
    const sliding = this.stepSlide(now)
    if (this.flight === null) return this.controls.update() || sliding
    const { from, to, began_at } = this.flight
    const [share, eased] = ease(now - began_at)
    this.stand(
      new Spherical(
        from.radius + (to.radius - from.radius) * eased,
        from.phi + (to.phi - from.phi) * eased,
        from.theta + (to.theta - from.theta) * eased
      )
    )
    if (share === 1) this.flight = null
    return share < 1 || sliding
  }

  private stepSlide(now: number): boolean {
    if (this.slide === null) return false
    const { from, to, began_at } = this.slide
    const [share, eased] = ease(now - began_at)
    const between = (side: keyof Covered): number => from[side] + (to[side] - from[side]) * eased
    this.lay(share === 1 ? to : { top_px: between('top_px'), bottom_px: between('bottom_px') })
    if (share === 1) this.slide = null
    return share < 1
  }

  /** Let hands turn the view, or not: while another eye looks, a drag is meant for that one. */
  enable(on: boolean): void {
    this.controls.enabled = on
  }

  dispose(): void {
    this.controls.dispose()
  }

  private spherical(): Spherical {
    return new Spherical().setFromVector3(this.camera.position.clone().sub(this.controls.target))
  }

  /** Where the view is going: a second key press adds to the first, even while that is still turning. */
  private aim(): Spherical {
    return this.flight === null ? this.spherical() : this.flight.to.clone()
  }

  private fly(to: Spherical): void {
    if (!this.controls.enabled) return
    const from = this.spherical()
    this.touched = true
    to.phi = Math.min(LOWEST_RAD, Math.max(HIGHEST_RAD, to.phi))
    to.radius = Math.min(this.controls.maxDistance, Math.max(this.controls.minDistance, to.radius))
    to.theta -= 2 * Math.PI * Math.round((to.theta - from.theta) / (2 * Math.PI)) // the short way round
    if (this.still) this.stand(to)
    else this.flight = { from, to, began_at: performance.now() }
    this.onChange()
  }

  private stand(at: Spherical): void {
    this.camera.position.setFromSpherical(at).add(this.controls.target)
    this.controls.update()
  }
}

/** How much of a movement is over after so many milliseconds: of its time, and of its way. */
function ease(passed_ms: number): [share: number, eased: number] {
  const share = Math.min(1, Math.max(0, passed_ms / FLIGHT_MS))
  return [share, 1 - (1 - share) ** 3]
}
