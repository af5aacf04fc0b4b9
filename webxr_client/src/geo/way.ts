/** The way to a landmark: which paths lead there, how long they are, and what is hard about them. Pure. */
import type { Hazard, Path } from '../wire'
import { distanceM, type Place, toRadians } from './distance'

/** A way over one or more paths; steps, slope and wheelchair are null when one of its paths does not tell. */
export interface Way {
  landmarks: string[]
  points: Place[]
  length_m: number
  steps: number | null
  slope_percent: number | null
  wheelchair: boolean | null
}

/** The shortest way between two landmarks over the paths, which may be walked in both directions; null without any. */
export function findWay(paths: readonly Path[], from: string, to: string): Way | null {
  const best = new Map<string, Way>([
    [from, { landmarks: [from], points: [], length_m: 0, steps: 0, slope_percent: 0, wheelchair: true }]
  ])
  const open = new Set([from])
  while (open.size > 0) {
    const here = nearestOf(open, best)
    open.delete(here)
    const way = best.get(here)
    if (way === undefined || here === to) return way ?? null
    for (const path of paths) {
      const longer = extend(way, path, here)
      const end = longer?.landmarks.at(-1)
      if (longer === null || end === undefined) continue
      if (longer.length_m >= (best.get(end)?.length_m ?? Number.POSITIVE_INFINITY)) continue
      best.set(end, longer)
      open.add(end)
    }
  }
  return null
}

function nearestOf(open: ReadonlySet<string>, best: ReadonlyMap<string, Way>): string {
  const lengthOf = (id: string): number => best.get(id)?.length_m ?? Number.POSITIVE_INFINITY
  return [...open].reduce((a, b) => (lengthOf(b) < lengthOf(a) ? b : a))
}

function extend(way: Way, path: Path, here: string): Way | null {
  if (path.from !== here && path.to !== here) return null
  const places = path.points.map(([lat, lon]) => ({ lat, lon }))
  const ahead = path.from === here
  return {
    landmarks: [...way.landmarks, ahead ? path.to : path.from],
    points: [...way.points, ...(ahead ? places : places.reverse())],
    length_m: way.length_m + path.length_m,
    steps: way.steps === null || path.steps === null ? null : way.steps + path.steps,
    slope_percent:
      way.slope_percent === null || path.slope_percent === null
        ? null
        : Math.max(way.slope_percent, path.slope_percent),
    wheelchair: both(way.wheelchair, path.wheelchair ?? null)
  }
}

/** One stretch that cannot be passed closes the whole way; one that nobody has looked at leaves it open. */
function both(way: boolean | null, path: boolean | null): boolean | null {
  if (way === false || path === false) return false
  return way === null || path === null ? null : true
}

/** The wind a direction points to: 0 north, 1 north-east, ... 7 north-west. */
export function windOf(bearing_deg: number): number {
  return Math.round((((bearing_deg % 360) + 360) % 360) / 45) % 8
}

export type Side = 'ahead' | 'right' | 'behind' | 'left'

/** On which side of somebody who faces a heading a direction lies. */
export function sideOf(bearing_deg: number, heading_deg: number): Side {
  const sides: Side[] = ['ahead', 'right', 'behind', 'left']
  return sides[Math.round(((((bearing_deg - heading_deg) % 360) + 360) % 360) / 90) % 4] as Side
}

/** The hazard nearest to a place, with its distance in metres; null without any. */
export function findHazard(hazards: readonly Hazard[], place: Place): { hazard: Hazard; away_m: number } | null {
  let nearest: { hazard: Hazard; away_m: number } | null = null
  for (const hazard of hazards) {
    for (const line of hazard.lines) {
      for (let i = 0; i + 1 < line.length; i++) {
        const away_m = distanceToPieceM(place, placeAt(line[i]), placeAt(line[i + 1]))
        if (nearest === null || away_m < nearest.away_m) nearest = { hazard, away_m }
      }
    }
  }
  return nearest
}

function placeAt(point: [number, number] | undefined): Place {
  const [lat = Number.NaN, lon = Number.NaN] = point ?? []
  return { lat, lon }
}

/** Metres from a place to a straight piece of a line; both a few hundred metres long at most, so on a plane. */
function distanceToPieceM(place: Place, a: Place, b: Place): number {
  const shrink = Math.cos(toRadians(place.lat))
  const flat = ({ lat, lon }: Place): [number, number] => [(lon - place.lon) * shrink, lat - place.lat]
  const [[ax, ay], [bx, by]] = [flat(a), flat(b)]
  const [dx, dy] = [bx - ax, by - ay]
  const square = dx * dx + dy * dy
  const share = square === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / square))
  return distanceM(place, { lat: a.lat + share * (b.lat - a.lat), lon: a.lon + share * (b.lon - a.lon) })
}
