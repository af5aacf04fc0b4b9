/** The eye of the studio's views: a camera that circles a place by hand or by buttons, drawn only when something changed. */
import { PerspectiveCamera, type Scene, Spherical, Vector3, type WebGLRenderer } from 'three'
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js'
import type { Beam } from './hit'
import { FOV_DEG, pixelRatio } from './layout'

const LOWEST_RAD = Math.PI / 2 - 0.02
const FAR_M = 3000

export class Eye {
  readonly camera = new PerspectiveCamera(FOV_DEG, 1, 0.1, FAR_M)
  private readonly controls: OrbitControls
  private first = { middle: new Vector3(), at: new Spherical(10, 1, 0) }
  private request = 0

  constructor(
    private readonly container: HTMLElement,
    private readonly renderer: WebGLRenderer,
    private readonly scene: Scene,
    /** After each frame, for what lies over the picture. */
    private readonly onDrawn: () => void
  ) {
    const canvas = renderer.domElement
    this.controls = new OrbitControls(this.camera, canvas)
    this.controls.enableDamping = false // what moves by itself would be drawn again and again
    this.controls.maxPolarAngle = LOWEST_RAD
    this.controls.addEventListener('change', () => this.invalidate())
    canvas.addEventListener('webglcontextrestored', () => this.invalidate())
    new ResizeObserver(() => this.resize()).observe(container)
    this.resize()
  }

  /** Look at a place from a distance: around clockwise from north, above in degrees. */
  frame(middle: Vector3, away_m: number, around_deg: number, above_deg: number): void {
    const radians = Math.PI / 180
    this.first = {
      middle: middle.clone(),
      at: new Spherical(away_m, (90 - above_deg) * radians, (180 - around_deg) * radians)
    }
    this.controls.minDistance = away_m / 20
    this.controls.maxDistance = Math.max(away_m * 6, 200)
    this.camera.near = away_m / 200
    this.camera.updateProjectionMatrix()
    this.reset()
  }

  reset(): void {
    this.controls.target.copy(this.first.middle)
    this.stand(this.first.at)
  }

  /** Go along with what is looked at. */
  follow(by: Vector3): void {
    this.first.middle.add(by)
    this.controls.target.add(by)
    this.camera.position.add(by)
    this.controls.update()
    this.invalidate()
  }

  /** Stand further to the right and higher by degrees. */
  turn(right_deg: number, up_deg: number): void {
    const at = this.spherical()
    at.theta += (right_deg * Math.PI) / 180
    at.phi = Math.min(LOWEST_RAD, Math.max(0.01, at.phi - (up_deg * Math.PI) / 180))
    this.stand(at)
  }

  zoom(factor: number): void {
    const at = this.spherical()
    const { minDistance, maxDistance } = this.controls
    at.radius = Math.min(maxDistance, Math.max(minDistance, at.radius * factor))
    this.stand(at)
  }

  /** Let a drag turn the view, or leave it to what is dragged. */
  enable(on: boolean): void {
    this.controls.enabled = on
  }

  /** What is seen at a point of the page. */
  beamAt(client_x: number, client_y: number): Beam {
    const { left, top, width, height } = this.renderer.domElement.getBoundingClientRect()
    const seen = new Vector3(((client_x - left) / width) * 2 - 1, 1 - ((client_y - top) / height) * 2, 0.5)
    const from = this.camera.position.clone()
    return { from, along: seen.unproject(this.camera).sub(from).normalize() }
  }

  /** Where a point of the scene is seen, in CSS pixels of the container; null when it is not. */
  seenAt(point: Vector3): [x_px: number, y_px: number] | null {
    const seen = point.clone().project(this.camera)
    if (seen.z > 1 || Math.abs(seen.x) > 1 || Math.abs(seen.y) > 1) return null
    const { clientWidth, clientHeight } = this.container
    return [((seen.x + 1) / 2) * clientWidth, ((1 - seen.y) / 2) * clientHeight]
  }

  /** How many metres a pixel is wide at a place. */
  metresPerPixel(at: Vector3): number {
    const tall = 2 * Math.tan((FOV_DEG * Math.PI) / 360) * at.distanceTo(this.camera.position)
    return tall / Math.max(1, this.container.clientHeight)
  }

  invalidate(): void {
    if (this.request !== 0) return
    this.request = requestAnimationFrame(() => {
      this.request = 0
      this.renderer.render(this.scene, this.camera)
      this.onDrawn()
    })
  }

  private spherical(): Spherical {
    return new Spherical().setFromVector3(this.camera.position.clone().sub(this.controls.target))
  }

  private stand(at: Spherical): void {
    this.camera.position.setFromSpherical(at).add(this.controls.target)
    this.controls.update()
    this.invalidate()
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.container
    if (width === 0 || height === 0) return
    this.renderer.setPixelRatio(pixelRatio())
    this.renderer.setSize(width, height, false)
    this.camera.aspect = width / height
    this.camera.updateProjectionMatrix()
    this.invalidate()
  }
}
