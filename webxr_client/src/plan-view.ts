/** The plan of the site with the model's outline, moved and turned by finger or mouse. */
import type { PlaceState, Source } from './place-state'
import { atPlan, type Footprint, facing, firstView, type Pose, type Scale, toPlan } from './plan'

const LEAST_M = 5
const MOST_M = 3000
const FRONT_M = 2
const HANDLE_M = 3

export class PlanView {
  private size_m: number
  private middle: [number, number]
  private drag: { kind: 'move' | 'turn'; off: [number, number] } | null = null

  constructor(
    private readonly plan: SVGSVGElement,
    private readonly scale: Scale,
    private readonly footprint: Footprint,
    private readonly state: PlaceState
  ) {
    this.size_m = firstView(footprint)
    this.middle = toPlan(state.pose, scale)
    this.part('#model').removeAttribute('hidden')
    this.layFootprint()
    plan.addEventListener('pointerdown', (event) => this.take(event))
    plan.addEventListener('pointermove', (event) => this.move(event))
    for (const kind of ['pointerup', 'pointercancel'] as const) {
      plan.addEventListener(kind, () => {
        this.drag = null
      })
    }
    state.listen((pose, source) => this.show(pose, source))
    this.draw(state.pose)
  }

  zoom(factor: number): void {
    this.size_m = Math.min(MOST_M, Math.max(LEAST_M, this.size_m * factor))
    this.middle = toPlan(this.state.pose, this.scale)
    this.draw(this.state.pose)
  }

  private part<T extends Element = SVGElement>(selector: string): T {
    const found = this.plan.querySelector<T>(selector)
    if (found === null) throw new Error(`the plan has no ${selector}`)
    return found
  }

  private layFootprint(): void {
    const { min_x, min_z, max_x, max_z } = this.footprint
    const rect = this.part('#footprint')
    for (const [name, value] of Object.entries({ x: min_x, y: min_z, width: max_x - min_x, height: max_z - min_z })) {
      rect.setAttribute(name, String(value))
    }
    const ahead = min_z - FRONT_M
    this.part('#front').setAttribute('d', `M0 0V${ahead}M-1 ${ahead + 1.5}L0 ${ahead}L1 ${ahead + 1.5}`)
    this.part('#handle').setAttribute('cy', String(ahead - HANDLE_M))
  }

  private take(event: PointerEvent): void {
    const at = this.planAt(event)
    if (at === null) return
    const [x, y] = toPlan(this.state.pose, this.scale)
    const kind = (event.target as Element).id === 'handle' ? 'turn' : 'move'
    const onModel = (event.target as Element).closest('#model') !== null
    this.drag = { kind, off: onModel ? [x - at[0], y - at[1]] : [0, 0] }
    this.plan.setPointerCapture(event.pointerId)
    if (!onModel) this.state.put(atPlan(this.state.pose, at[0], at[1], this.scale), 'plan')
  }

  private move(event: PointerEvent): void {
    const at = this.planAt(event)
    if (this.drag === null || at === null) return
    const { kind, off } = this.drag
    const { pose } = this.state
    const to =
      kind === 'turn'
        ? facing(pose, at[0], at[1], this.scale)
        : atPlan(pose, at[0] + off[0], at[1] + off[1], this.scale)
    this.state.put(to, 'plan')
  }

  /** Where on the plan a finger or the mouse is. */
  private planAt(event: PointerEvent): [number, number] | null {
    const matrix = this.plan.getScreenCTM()
    if (matrix === null) return null
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse())
    return [x, y]
  }

  /** Under a finger the plan itself must not move; otherwise it follows the model. */
  private show(pose: Pose, source: Source): void {
    if (source !== 'plan') this.middle = toPlan(pose, this.scale)
    this.draw(pose)
  }

  private draw(pose: Pose): void {
    const [x, y] = toPlan(pose, this.scale)
    const { size_m, middle } = this
    this.part('#model').setAttribute('transform', `translate(${x} ${y}) rotate(${pose.heading_deg})`)
    this.plan.setAttribute('viewBox', `${middle[0] - size_m / 2} ${middle[1] - size_m / 2} ${size_m} ${size_m}`)
    this.part('#handle').setAttribute('r', String(Math.max(1, size_m / 40))) // a finger finds it at any size
  }
}
