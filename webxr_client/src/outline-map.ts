/** Drawing the outline of a landmark on the map of its form; its corners stay fields, which can be typed without this. */
import {
  add,
  begin,
  change,
  findCorner,
  findSide,
  fit,
  move,
  type Row,
  readNumber,
  redo,
  type Sketch,
  type Spot,
  sayPlace,
  takeOut,
  undo,
  type View,
  zoom
} from './outline'
import { CornerList } from './outline-list'
import { askAbout } from './outline-said'
import { atPlan, type Scale, toPlan } from './plan'

const REACH_PX = 24 // half of what a finger covers
const SIDE_PX = 14
const STILL_PX = 5 // a finger that moves less has tapped
const CORNER_PX = 8
const NUDGE_M = 0.1
const NEARER = 0.6
const SVG = 'http://www.w3.org/2000/svg'

/** Where a finger went down, and what it has hold of: a corner, or the map. */
interface Hold {
  corner: number
  isNew: boolean
  from: Spot
  start: [clientX: number, clientY: number]
  moved: boolean
  before: Sketch
  view: View
}

/** Let the outline be drawn by hand, on the map and in its list. */
export function setUpOutline(form: HTMLFormElement, map: SVGSVGElement, scale: Scale): void {
  const fields = form.querySelector<HTMLElement>('[data-outline]')
  const tools = form.querySelector<HTMLElement>('.draw')
  if (fields !== null && tools !== null) new OutlineMap(form, map, scale, { fields, tools }).start()
}

class OutlineMap {
  private sketch: Sketch
  private view: View
  private readonly whole: View
  private hold: Hold | null = null
  private readonly list: CornerList

  constructor(
    private readonly form: HTMLFormElement,
    private readonly map: SVGSVGElement,
    private readonly scale: Scale,
    private readonly parts: { fields: HTMLElement; tools: HTMLElement }
  ) {
    const { x, y, width, height } = map.viewBox.baseVal
    this.whole = { x, y, width, height }
    this.view = this.whole
    this.list = new CornerList(parts.fields)
    this.sketch = begin(this.list.read())
  }

  start(): void {
    const { fields, tools } = this.parts
    tools.hidden = false
    this.list.show(this.sketch)
    this.list.listen({
      typed: () => this.take(change(this.sketch, this.list.read())),
      chosen: (corner) => this.mark(corner),
      nudged: (corner, north, east) => this.nudge(corner, north, east),
      takenOut: (corner) => this.take(takeOut(this.sketch, corner)),
      added: () => this.addRow()
    })
    tools.addEventListener('click', (event) => this.press(event.target))
    for (const part of [fields, tools]) part.addEventListener('keydown', (event) => this.key(event))
    tools.addEventListener('change', () => this.switchMode())
    this.map.addEventListener('pointerdown', (event) => this.grasp(event))
    this.map.addEventListener('pointermove', (event) => this.drag(event))
    this.map.addEventListener('pointerup', () => this.release())
    this.map.addEventListener('pointercancel', () => this.letGo())
    this.form.addEventListener('input', () => this.ask())
    this.form.addEventListener('change', () => this.draw()) // the distances are drawn too
    new ResizeObserver(() => this.draw()).observe(this.map)
    this.draw()
  }

  private get isDrawing(): boolean {
    return this.map.dataset['pick'] === 'outline'
  }

  private switchMode(): void {
    const isDrawing = this.parts.tools.querySelector<HTMLInputElement>('[value=outline]')?.checked === true
    this.map.dataset['pick'] = isDrawing ? 'outline' : 'spot'
    this.parts.tools.querySelector('[data-draw-help]')?.toggleAttribute('hidden', !isDrawing)
    const corners = this.spots().filter((spot) => spot !== null)
    if (isDrawing && this.view === this.whole) this.look(fit(corners.length > 0 ? corners : this.ownSpot(), this.whole))
    this.draw()
  }

  /** Where the landmark itself stands, if that is known. */
  private ownSpot(): Spot[] {
    const [lat, lon] = ['lat', 'lon'].map((name) =>
      readNumber(this.form.querySelector<HTMLInputElement>(`input[name=${name}]`)?.value ?? '')
    ) as [number, number]
    return Number.isNaN(lat + lon) ? [] : [toPlan({ lat, lon }, this.scale)]
  }

  private take(sketch: Sketch): void {
    this.sketch = sketch
    this.list.show(sketch)
    this.draw()
    this.ask()
  }

  private ask(): void {
    askAbout(this.form, this.parts.fields)
  }

  private mark(corner: number): void {
    this.sketch = { ...this.sketch, chosen: corner }
    this.draw()
  }

  private addRow(): void {
    const spots = this.spots().filter((spot) => spot !== null)
    const middle = spots[this.sketch.chosen] ??
      this.ownSpot()[0] ?? [this.view.x + this.view.width / 2, this.view.y + this.view.height / 2]
    this.take(add(this.sketch, this.rowAt([middle[0] + 2, middle[1]])))
    this.list.focus(this.sketch.chosen)
  }

  private nudge(corner: number, north: number, east: number): void {
    const spot = this.spots()[corner]
    if (spot == null) return
    this.take(move(this.sketch, corner, this.rowAt([spot[0] + east * NUDGE_M, spot[1] - north * NUDGE_M])))
  }

  private press(target: EventTarget | null): void {
    const act = target instanceof Element ? target.closest<HTMLElement>('[data-draw]')?.dataset['draw'] : undefined
    if (act === 'nearer' || act === 'farther') {
      this.look(zoom(this.view, act === 'nearer' ? NEARER : 1 / NEARER, this.whole))
      this.draw()
    }
    if (act === 'undo') this.take(undo(this.sketch))
    if (act === 'redo') this.take(redo(this.sketch))
    if (act === 'out') this.take(takeOut(this.sketch, this.sketch.chosen))
  }

  /** Back and forth by keys, but for a field in which somebody is typing: there they mean the letters. */
  private key(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || this.list.isTyping(event.target, this.sketch)) return
    const letter = event.key.toLowerCase()
    if (letter !== 'z' && letter !== 'y') return
    event.preventDefault()
    this.take(letter === 'y' || event.shiftKey ? redo(this.sketch) : undo(this.sketch))
  }

  private grasp(event: PointerEvent): void {
    if (!this.isDrawing || event.button !== 0 || this.hold !== null) return
    event.preventDefault()
    const from = this.spotAt(event)
    const spots = this.spots()
    const before = this.sketch
    const corner = findCorner(spots, from, REACH_PX * this.metresPerPx())
    const side = corner < 0 ? findSide(spots, from, SIDE_PX * this.metresPerPx()) : -1
    if (side >= 0) this.sketch = add(this.sketch, this.rowAt(from), side)
    const held = side >= 0 && this.sketch !== before ? this.sketch.chosen : corner
    if (held >= 0) this.sketch = { ...this.sketch, chosen: held }
    const start: [number, number] = [event.clientX, event.clientY]
    this.hold = {
      corner: held,
      isNew: this.sketch.rows !== before.rows,
      from,
      start,
      moved: false,
      before,
      view: this.view
    }
    this.map.setPointerCapture(event.pointerId)
    this.draw()
  }

  private drag(event: PointerEvent): void {
    const { hold } = this
    if (hold === null) return
    hold.moved ||= Math.hypot(event.clientX - hold.start[0], event.clientY - hold.start[1]) > STILL_PX
    if (!hold.moved) return
    if (hold.corner < 0) {
      const per_px = this.metresPerPx()
      const [x, y] = [event.clientX - hold.start[0], event.clientY - hold.start[1]]
      this.look({ ...hold.view, x: hold.view.x - x * per_px, y: hold.view.y - y * per_px })
    } else {
      const rows = this.sketch.rows.map((row, at) => (at === hold.corner ? this.rowAt(this.spotAt(event)) : row))
      this.sketch = { ...this.sketch, rows }
    }
    this.draw()
  }

  /** A tap adds a corner, or marks one; what was dragged is one step. */
  private release(): void {
    const { hold } = this
    this.hold = null
    if (hold === null) return
    if (hold.corner < 0) {
      if (!hold.moved) this.take(add(this.sketch, this.rowAt(hold.from)))
      return
    }
    if (!hold.moved && !hold.isNew) this.draw()
    else this.take(change(hold.before, this.sketch.rows, hold.corner))
  }

  private letGo(): void {
    if (this.hold === null) return
    this.sketch = this.hold.before
    this.hold = null
    this.draw()
  }

  private spots(): (Spot | null)[] {
    return this.sketch.rows.map(({ lat, lon }) => {
      const place = { lat: readNumber(lat), lon: readNumber(lon) }
      return Number.isNaN(place.lat + place.lon) ? null : toPlan(place, this.scale)
    })
  }

  private rowAt([x, y]: Spot): Row {
    return sayPlace(atPlan({ lat: 0, lon: 0, h: 0, heading_deg: 0 }, x, y, this.scale))
  }

  private spotAt({ clientX, clientY }: MouseEvent): Spot {
    const drawn = this.map.getScreenCTM()
    if (drawn === null) return [0, 0]
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(drawn.inverse())
    return [x, y]
  }

  private metresPerPx(): number {
    const drawn = this.map.getScreenCTM()
    return drawn === null || drawn.a === 0 ? 1 : 1 / drawn.a
  }

  private look(view: View): void {
    this.view = view
    this.map.setAttribute('viewBox', [view.x, view.y, view.width, view.height].map((one) => one.toFixed(2)).join(' '))
  }

  /** The outline with its corners, numbered as in the list; large enough for a finger however near one looks. */
  private draw(): void {
    const spots = this.spots()
    const px = this.metresPerPx()
    for (const old of this.map.querySelectorAll('.typed.area, .typed.band, .typed.corner')) old.remove()
    const known = spots.filter((spot) => spot !== null)
    this.map.classList.toggle('outlined', known.length > 2) // the circles round the place mean nothing then
    if (known.length > 2) this.drawBands(known)
    if (known.length > 1) this.append('path', { class: 'typed area', d: toPath(known) })
    for (const [at, spot] of spots.entries()) if (spot !== null) this.drawCorner(at, spot, px)
    const able = {
      undo: this.sketch.past.length > 0,
      redo: this.sketch.future.length > 0,
      out: this.sketch.chosen >= 0
    }
    for (const [name, can] of Object.entries(able)) {
      this.parts.tools.querySelector<HTMLButtonElement>(`[data-draw=${name}]`)?.toggleAttribute('disabled', !can)
    }
  }

  private drawCorner(at: number, spot: Spot, px: number): void {
    const isMarked = at === this.sketch.chosen && (this.isDrawing || this.list.hasFocus())
    const [cx, cy] = spot.map((value) => value.toFixed(3)) as [string, string]
    const r = (CORNER_PX * px * (isMarked ? 1.4 : 1)).toFixed(3)
    this.append('circle', { class: `typed corner${isMarked ? ' marked' : ''}`, cx, cy, r })
    if (!this.isDrawing && !isMarked) return
    const size = (CORNER_PX * 1.4 * px).toFixed(3)
    const label = this.append('text', { class: 'typed corner', x: cx, y: cy, dy: '0.35em', 'font-size': size })
    label.textContent = `${at + 1}`
  }

  /** How far from its edge the outline is entered and left: lines that are twice as wide. */
  private drawBands(corners: readonly Spot[]): void {
    for (const name of ['leave', 'enter']) {
      const reach_m = readNumber(this.form.querySelector<HTMLInputElement>(`[name=${name}_m]`)?.value ?? '')
      if (!(reach_m > 0)) continue
      this.append('path', { class: `typed band ${name}`, d: toPath(corners), 'stroke-width': `${2 * reach_m}` })
    }
  }

  private append(name: string, attributes: Record<string, string>): SVGElement {
    const element = this.map.ownerDocument.createElementNS(SVG, name) as SVGElement
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
    this.map.append(element)
    return element
  }
}

function toPath(corners: readonly Spot[]): string {
  return `M${corners.map((at) => at.join(' ')).join('L')}Z`
}
