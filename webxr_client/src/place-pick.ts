/** Picking a place on the map beside a form; without it the numbers are typed, and a button draws them. */
import { atPlan, type Scale, toPlan } from './plan'

const DECIMALS = 7 // a centimetre

/** Let a tap on the map of a form fill its latitude and longitude, or add a point to its line. */
export function setUpPicking(form: HTMLFormElement): void {
  const map = form.querySelector<SVGSVGElement>('svg[data-pick]')
  if (map === null) return
  const scale = scaleOf(map)
  map.closest('figure')?.classList.add('picks-by-hand')
  if (form.querySelector('[data-outline]') !== null)
    void import('./outline-map').then(({ setUpOutline }) => setUpOutline(form, map, scale))
  map.addEventListener('click', (event) => {
    if (map.dataset['pick'] === 'outline') return // there a tap is a corner
    const spot = spotUnder(map, event)
    if (spot !== null) take(form, atPlan({ lat: 0, lon: 0, h: 0, heading_deg: 0 }, ...spot, scale))
    show(form, map, scale)
  })
  form.addEventListener('input', () => show(form, map, scale))
}

function scaleOf(map: SVGSVGElement): Scale {
  const { lat, lon, x, y } = map.dataset
  return { lat: Number(lat), lon: Number(lon), x_per_deg: Number(x), y_per_deg: Number(y) }
}

/** Where on the map somebody has tapped, in its metres. */
function spotUnder(map: SVGSVGElement, { clientX, clientY }: MouseEvent): [x: number, y: number] | null {
  const drawn = map.getScreenCTM()
  if (drawn === null) return null
  const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(drawn.inverse())
  return [x, y]
}

function take(form: HTMLFormElement, { lat, lon }: { lat: number; lon: number }): void {
  const said = [lat, lon].map((value) => value.toFixed(DECIMALS)) as [string, string]
  const points = form.querySelector<HTMLTextAreaElement>('textarea[name=points]')
  if (points !== null) {
    points.value += `${points.value === '' || points.value.endsWith('\n') ? '' : '\n'}${said.join(', ')}\n`
    return
  }
  for (const [name, value] of [['lat', said[0]] as const, ['lon', said[1]] as const]) {
    const field = form.querySelector<HTMLInputElement>(`input[name=${name}]`)
    if (field !== null) field.value = value
  }
}

/** Draw what the form says: the mark of a landmark, or the line of a way. */
function show(form: HTMLFormElement, map: SVGSVGElement, scale: Scale): void {
  const mark = map.querySelector('.typed.spot')
  if (mark !== null) {
    const [lat, lon] = ['lat', 'lon'].map((name) => read(form, name)) as [number, number]
    mark.toggleAttribute('hidden', Number.isNaN(lat + lon))
    if (!Number.isNaN(lat + lon)) mark.setAttribute('transform', `translate(${toPlan({ lat, lon }, scale).join(' ')})`)
  }
  const points = form.querySelector<HTMLTextAreaElement>('textarea[name=points]')
  if (points === null) return
  for (const line of map.querySelectorAll('.typed.line')) line.remove()
  for (const line of readLines(points.value))
    map.append(
      drawLine(
        map,
        line.map((place) => toPlan(place, scale))
      )
    )
}

function read(form: HTMLFormElement, name: string): number {
  const text = form.querySelector<HTMLInputElement>(`input[name=${name}]`)?.value.trim() ?? ''
  return text === '' ? Number.NaN : Number(text)
}

/** Lines of places, one a line, with an empty line between two of them; what cannot be read is left out. */
export function readLines(text: string): { lat: number; lon: number }[][] {
  return text
    .split(/\n\s*\n/)
    .map((line) =>
      line
        .split('\n')
        .map((row) => row.split(/[\s,、，;]+/).filter((part) => part !== ''))
        .filter((parts) => parts.length === 2 && parts.every((part) => Number.isFinite(Number(part))))
        .map(([lat, lon]) => ({ lat: Number(lat), lon: Number(lon) }))
    )
    .filter((line) => line.length > 0)
}

function drawLine(map: SVGSVGElement, points: [number, number][]): SVGPathElement {
  const path = map.ownerDocument.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('class', 'typed line')
  path.setAttribute('d', `M${points.map((point) => point.join(' ')).join('L')}`)
  return path
}
