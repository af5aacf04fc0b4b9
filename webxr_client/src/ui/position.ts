/** The visitor's position on the map and in the lists; it never leaves this page. */
import { distanceM } from '../geo/distance'
import type { VisitState } from '../state'
import { sayDistance } from './distance'
import { setText } from './dom'
import type { Words } from './words'

const VAGUE_M = 30

/** Show, move or hide everything that depends on the position. */
export function showPosition(page: Document, state: VisitState, words: Words): void {
  showMe(page, state)
  for (const place of page.querySelectorAll<HTMLElement>('[data-away]')) {
    const away_m = awayM(state, place.dataset['away'] ?? '')
    setText(place, away_m === null ? '' : sayDistance(away_m, words))
  }
  for (const mark of page.querySelectorAll<HTMLElement>('[data-landmark]')) {
    if (mark.tagName !== 'MAIN') mark.classList.toggle('near', mark.dataset['landmark'] === state.trigger.current)
  }
}

/** Metres from the visitor to a landmark; null while either place is unknown. */
export function awayM(state: VisitState, landmark: string): number | null {
  const place = state.site?.landmarks.find(({ id }) => id === landmark)
  if (state.fix === null || place === undefined || place.lat === null || place.lon === null) return null
  return distanceM(state.fix, { lat: place.lat, lon: place.lon })
}

function showMe(page: Document, { fix }: VisitState): void {
  const me = page.querySelector<SVGGElement>('#me')
  const map = me?.ownerSVGElement ?? null
  if (me === null || map === null) return
  const where = fix === null ? null : placeOnMap(map, fix.lat, fix.lon)
  me.toggleAttribute('hidden', where === null)
  if (fix === null || where === null) return
  me.setAttribute('transform', `translate(${where.x.toFixed(1)} ${where.y.toFixed(1)})`)
  me.classList.toggle('vague', fix.accuracy_m > VAGUE_M)
  me.querySelector('.sure')?.setAttribute('r', Math.max(fix.accuracy_m, 3).toFixed(1))
}

/** Metres on the map of a point in degrees; null far outside of what is drawn. */
function placeOnMap(map: SVGSVGElement, lat: number, lon: number): { x: number; y: number } | null {
  const fact = (name: string): number => Number(map.dataset[name])
  const x = (lon - fact('lon')) * fact('x')
  const y = (fact('lat') - lat) * fact('y')
  const [west = 0, north = 0, width = 0, height = 0] = (map.getAttribute('viewBox') ?? '').split(' ').map(Number)
  const inside = x > west - width && x < west + 2 * width && y > north - height && y < north + 2 * height
  return inside ? { x, y } : null
}
