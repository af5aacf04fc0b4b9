/** What the plan of a site shows, read from its drawing: the view in three dimensions shows the same. Metres. */
import type { Point3 } from './wire'

export type Flat = [x: number, z: number]

/** The box of a model in its own metres. */
export interface Box {
  min: Point3
  max: Point3
}

/** An outline on the ground; lost ones are there no longer. */
export interface Outline {
  ring: Flat[]
  lost: boolean
}

/** What stands there, from one height above the floor of the site to another. */
export interface Prism {
  kind: 'building' | 'model'
  name: string
  ring: Flat[]
  low_m: number
  high_m: number
}

export interface Around {
  outlines: Outline[]
  prisms: Prism[]
  marks: { name: string; at: Flat }[]
}

/** The corners of an SVG path of straight lines. */
export function readPath(path: string): Flat[] {
  const numbers = [...path.matchAll(/-?\d+(?:\.\d+)?/g)].map(([number]) => Number(number))
  return numbers.flatMap((x, i): Flat[] => (i % 2 === 0 && i + 1 < numbers.length ? [[x, numbers[i + 1] ?? 0]] : []))
}

/** The box that an element's `data-min` and `data-max` tell. */
export function readBox(data: DOMStringMap): Box {
  const read = (text: string | undefined): Point3 => {
    const [x = 0, y = 0, z = 0] = (text ?? '').split(' ').map(Number)
    return [x, y, z]
  }
  return { min: read(data['min']), max: read(data['max']) }
}

/** Everything the plan shows beside the model itself. */
export function readPlan(plan: SVGSVGElement): Around {
  const all = (selector: string): SVGElement[] => [...plan.querySelectorAll<SVGElement>(selector)]
  const ringOf = (element: Element): Flat[] => readPath(element.getAttribute('d') ?? '')
  return {
    outlines: all('.outline').map((one) => ({ ring: ringOf(one), lost: one.classList.contains('then') })),
    prisms: all('.neighbour').map((one) => ({
      kind: one.classList.contains('model') ? 'model' : 'building',
      name: one.querySelector('title')?.textContent ?? '',
      ring: ringOf(one),
      low_m: Number(one.dataset['low']),
      high_m: Number(one.dataset['high'])
    })),
    marks: all('.mark').map((one) => ({
      name: one.querySelector('text')?.textContent ?? '',
      at: ['cx', 'cy'].map((name) => Number(one.querySelector('circle')?.getAttribute(name))) as Flat
    }))
  }
}
