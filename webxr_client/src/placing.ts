/** The page on which a model is placed: its outline on the plan of the site, moved and turned by finger, mouse or keys. */
import {
  type Act,
  atPlan,
  FINE_STEP_M,
  type Footprint,
  facing,
  firstView,
  type Pose,
  type Scale,
  STEP_M,
  step,
  toPlan
} from './plan'

const KEYS: Record<string, Act> = {
  ArrowLeft: 'west',
  ArrowUp: 'north',
  ArrowDown: 'south',
  ArrowRight: 'east',
  ',': 'left',
  '.': 'right'
}
const LEAST_M = 5
const MOST_M = 3000
const ZOOM = 1.5
const DEGREES = 7 // digits: a centimetre
const FRONT_M = 2
const HANDLE_M = 3

/** Bring the page alive; without script its numbers work all the same. */
export function setUpPlacing(page: Document, form: HTMLFormElement): void {
  const plan = page.querySelector<SVGSVGElement>('#plan')
  if (plan !== null) new Placing(page, form, plan)
}

class Placing {
  private readonly scale: Scale
  private readonly footprint: Footprint
  private pose: Pose
  private size_m: number
  private middle: [number, number]
  private drag: { kind: 'move' | 'turn'; off: [number, number] } | null = null

  constructor(
    private readonly page: Document,
    private readonly form: HTMLFormElement,
    private readonly plan: SVGSVGElement
  ) {
    const read = (name: string): number => Number(plan.dataset[name])
    this.scale = { lat: read('lat'), lon: read('lon'), x_per_deg: read('x'), y_per_deg: read('y') }
    this.footprint = { min_x: read('minX'), min_z: read('minZ'), max_x: read('maxX'), max_z: read('maxZ') }
    this.pose = this.typed() ?? { lat: this.scale.lat, lon: this.scale.lon, heading_deg: 0 }
    this.size_m = firstView(this.footprint)
    this.middle = toPlan(this.pose, this.scale)
    this.part('#plan-buttons').hidden = false
    this.part<SVGElement>('#model').removeAttribute('hidden')
    this.layFootprint()
    this.listen()
    this.draw()
  }

  private part<T extends Element = HTMLElement>(selector: string): T {
    const found = this.page.querySelector<T>(selector)
    if (found === null) throw new Error(`the page has no ${selector}`)
    return found
  }

  private input(name: keyof Pose): HTMLInputElement {
    return this.part<HTMLInputElement>(`#${name}`)
  }

  /** The pose that the fields tell; null while one of them tells none. */
  private typed(): Pose | null {
    const read = (name: keyof Pose): number => {
      const text = this.input(name).value.trim().replace(',', '.')
      return text === '' ? Number.NaN : Number(text)
    }
    const pose = { lat: read('lat'), lon: read('lon'), heading_deg: read('heading_deg') }
    return Object.values(pose).every(Number.isFinite) ? pose : null
  }

  private layFootprint(): void {
    const { min_x, min_z, max_x, max_z } = this.footprint
    const rect = this.part<SVGRectElement>('#footprint')
    for (const [name, value] of Object.entries({ x: min_x, y: min_z, width: max_x - min_x, height: max_z - min_z })) {
      rect.setAttribute(name, String(value))
    }
    const ahead = min_z - FRONT_M
    this.part('#front').setAttribute('d', `M0 0V${ahead}M-1 ${ahead + 1.5}L0 ${ahead}L1 ${ahead + 1.5}`)
    this.part('#handle').setAttribute('cy', String(ahead - HANDLE_M))
  }

  private listen(): void {
    const { plan, form } = this
    form.addEventListener('input', () => {
      const pose = this.typed()
      if (pose === null) return
      this.pose = pose
      this.middle = toPlan(pose, this.scale)
      this.draw()
    })
    plan.addEventListener('keydown', (event) => this.key(event))
    plan.addEventListener('pointerdown', (event) => this.take(event))
    plan.addEventListener('pointermove', (event) => this.move(event))
    for (const kind of ['pointerup', 'pointercancel'] as const) {
      plan.addEventListener(kind, () => {
        this.drag = null
      })
    }
    this.part('#plan-buttons').addEventListener('click', (event) => {
      const act = (event.target as HTMLElement).closest<HTMLElement>('[data-act]')?.dataset['act']
      if (act === 'nearer' || act === 'farther') this.zoom(act === 'nearer' ? 1 / ZOOM : ZOOM)
      else if (act !== undefined) this.put(step(this.pose, act as Act, this.scale), true)
    })
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = KEYS[event.key]
    if (act !== undefined) this.put(step(this.pose, act, this.scale, event.shiftKey ? FINE_STEP_M : STEP_M), true)
    else if (event.key === '+' || event.key === '-') this.zoom(event.key === '+' ? 1 / ZOOM : ZOOM)
    else return
    event.preventDefault() // the page would scroll
  }

  private take(event: PointerEvent): void {
    const at = this.planAt(event)
    if (at === null) return
    const [x, y] = toPlan(this.pose, this.scale)
    const kind = (event.target as Element).id === 'handle' ? 'turn' : 'move'
    const onModel = (event.target as Element).closest('#model') !== null
    this.drag = { kind, off: onModel ? [x - at[0], y - at[1]] : [0, 0] }
    this.plan.setPointerCapture(event.pointerId)
    if (!onModel) this.put(atPlan(this.pose, at[0], at[1], this.scale), false)
  }

  private move(event: PointerEvent): void {
    const at = this.planAt(event)
    if (this.drag === null || at === null) return
    const { kind, off } = this.drag
    if (kind === 'turn') this.put(facing(this.pose, at[0], at[1], this.scale), false)
    else this.put(atPlan(this.pose, at[0] + off[0], at[1] + off[1], this.scale), false)
  }

  /** Where on the plan a finger or the mouse is. */
  private planAt(event: PointerEvent): [number, number] | null {
    const matrix = this.plan.getScreenCTM()
    if (matrix === null) return null
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse())
    return [x, y]
  }

  private put(pose: Pose, follow: boolean): void {
    this.pose = pose
    this.input('lat').value = pose.lat.toFixed(DEGREES)
    this.input('lon').value = pose.lon.toFixed(DEGREES)
    this.input('heading_deg').value = String(pose.heading_deg)
    if (follow) this.middle = toPlan(pose, this.scale)
    this.draw()
  }

  private zoom(factor: number): void {
    this.size_m = Math.min(MOST_M, Math.max(LEAST_M, this.size_m * factor))
    this.middle = toPlan(this.pose, this.scale)
    this.draw()
  }

  private draw(): void {
    const [x, y] = toPlan(this.pose, this.scale)
    const { size_m, middle } = this
    this.part('#model').setAttribute('transform', `translate(${x} ${y}) rotate(${this.pose.heading_deg})`)
    this.plan.setAttribute('viewBox', `${middle[0] - size_m / 2} ${middle[1] - size_m / 2} ${size_m} ${size_m}`)
    this.part('#handle').setAttribute('r', String(Math.max(1, size_m / 40))) // a finger finds it at any size
  }
}
