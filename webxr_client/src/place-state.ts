/** The one place that map, view and numbers of the placing page show: whoever changes it, all hear of it. */
import type { Pose } from './plan'

/** Who changed the place; each shows its own changes already, as they are made. */
export type Source = 'fields' | 'plan' | 'ground' | 'keys'

const DEGREES = 7 // digits: a centimetre
const FIELDS = ['lat', 'lon', 'h', 'heading_deg'] as const

export class PlaceState {
  pose: Pose
  private readonly listeners: ((pose: Pose, source: Source) => void)[] = []

  constructor(
    private readonly form: HTMLFormElement,
    /** Metres above the ellipsoid of the ground of the site. */
    readonly floor_m: number,
    fallback: Pose
  ) {
    this.pose = this.typed() ?? fallback
    form.addEventListener('input', (event) => this.hear(event))
  }

  listen(listener: (pose: Pose, source: Source) => void): void {
    this.listeners.push(listener)
  }

  /** Change the place; the fields follow. */
  put(pose: Pose, source: Source): void {
    this.pose = pose
    this.input('lat').value = pose.lat.toFixed(DEGREES)
    this.input('lon').value = pose.lon.toFixed(DEGREES)
    this.input('heading_deg').value = String(pose.heading_deg)
    if (pose.h !== this.read('h')) this.input('h').value = trim(pose.h)
    this.input('floor_h').value = (pose.h - this.floor_m).toFixed(2)
    this.tell(source)
  }

  private hear(event: Event): void {
    const id = (event.target as HTMLElement).id
    if (id === 'floor_h') {
      const floor = this.read('floor_h')
      if (Number.isFinite(floor)) this.input('h').value = trim(this.floor_m + floor)
    } else if (id === 'h') {
      const h = this.read('h')
      if (Number.isFinite(h)) this.input('floor_h').value = (h - this.floor_m).toFixed(2)
    }
    const pose = this.typed()
    if (pose === null) return
    this.pose = pose
    this.tell('fields')
  }

  private tell(source: Source): void {
    for (const listener of this.listeners) listener(this.pose, source)
  }

  private input(name: string): HTMLInputElement {
    const found = this.form.querySelector<HTMLInputElement>(`#${name}`)
    if (found === null) throw new Error(`the form has no #${name}`)
    return found
  }

  private read(name: string): number {
    const text = this.input(name).value.trim().replace(',', '.')
    return text === '' ? Number.NaN : Number(text)
  }

  /** The pose that the fields tell; null while one of them tells none. */
  private typed(): Pose | null {
    const [lat = 0, lon = 0, h = 0, heading_deg = 0] = FIELDS.map((name) => this.read(name))
    const pose = { lat, lon, h, heading_deg }
    return Object.values(pose).every(Number.isFinite) ? pose : null
  }
}

/** Metres to a millimetre, without zeros that say nothing. */
function trim(metres: number): string {
  return String(Math.round(metres * 1000) / 1000)
}
