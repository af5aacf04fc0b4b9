/** The way to the next landmark: an arrow, how far, in which direction, and what is on the way; all of it in words too. */
import { bearingDeg } from '../geo/distance'
import { findWay, sideOf, type Way, windOf } from '../geo/way'
import type { VisitState } from '../state'
import { type Heading, watchSensors } from '../window/sensors'
import type { Landmark } from '../wire'
import { sayDistance } from './distance'
import { make, makeButton, setText } from './dom'
import { awayM } from './position'
import { createWarning, edgeNear, type Warning } from './warning'
import type { Words } from './words'

const FAR_M = 2000 // from farther away a straight arrow leads nobody
const TURN_DEG = 4 // less is the trembling of a compass

export interface Guide {
  show: (page: Document, state: VisitState) => void
}

/** A guide for a page; it listens to the compass only while it shows a way. */
export function createGuide(view: Window, words: Words): Guide {
  return new LiveGuide(view, words)
}

class LiveGuide implements Guide {
  private passed: string[] = []
  private target: string | null = null
  private heading_deg: number | null = null
  private stopListening: (() => void) | null = null
  private latest: VisitState | null = null
  private readonly warning: Warning

  constructor(
    private readonly view: Window,
    private readonly words: Words
  ) {
    this.warning = createWarning(words)
  }

  show(page: Document, state: VisitState): void {
    this.latest = state
    this.warning.show(page, edgeNear(state))
    const place = page.getElementById('guide')
    if (place === null) return
    const target = this.choose(page, state)
    const away_m = target === null ? null : awayM(state, target.id)
    const shown = target !== null && away_m !== null && away_m < FAR_M
    place.hidden = !shown
    this.listen(page, shown)
    if (!shown) return
    if (place.firstChild === null) this.lay(page, place)
    if (place.dataset['target'] !== target.id) {
      place.dataset['target'] = target.id
      setText(place.querySelector('.path'), this.sayPath(state, target))
    }
    this.point(place, state, target, away_m)
  }

  /** The landmark the page is about, or else the nearest one to go to next. */
  private choose(page: Document, state: VisitState): Landmark | null {
    const landmarks = state.site?.landmarks ?? []
    const own = page.querySelector<HTMLElement>('main')?.dataset['landmark']
    if (own !== undefined) return landmarks.find(({ id }) => id === own) ?? null
    const here = state.trigger.current
    if (here !== null && !this.passed.includes(here)) this.passed.push(here)
    if (this.target === null || this.passed.includes(this.target)) this.target = this.nextOf(state)
    return landmarks.find(({ id }) => id === this.target) ?? null
  }

  /** The nearest landmark not yet come to: of those where something is on, or else of all. */
  private nextOf(state: VisitState): string | null {
    const left = (state.site?.landmarks ?? [])
      .flatMap(({ id }) => {
        const away_m = awayM(state, id)
        return away_m === null || this.passed.includes(id) ? [] : [{ id, away_m }]
      })
      .sort((a, b) => a.away_m - b.away_m)
    const live = new Set(
      (state.site?.experiences ?? []).filter(({ id }) => state.live.includes(id)).map(({ landmark }) => landmark)
    )
    return (left.find(({ id }) => live.has(id)) ?? left[0])?.id ?? null
  }

  private lay(page: Document, place: HTMLElement): void {
    const title = make(page, 'h2', { id: 'guide-title' }, this.words('guide_title'))
    place.setAttribute('aria-labelledby', title.id)
    const lines = ['where', 'direction', 'path'].map((className) => make(page, 'p', { className }))
    const text = make(page, 'div', {}, ...lines)
    place.replaceChildren(title, make(page, 'div', { className: 'leading' }, makeArrow(page), text))
    if (page.querySelector<HTMLElement>('main')?.dataset['landmark'] === undefined) {
      place.append(makeButton(page, this.words('guide_other'), () => this.another(page), 'plain'))
    }
  }

  private another(page: Document): void {
    if (this.target !== null) this.passed.push(this.target)
    const state = this.latest
    if (state === null) return
    if (this.nextOf(state) === null) {
      this.passed = [] // all were offered: begin again with the nearest
      this.target = null
    }
    this.show(page, state)
  }

  private point(place: HTMLElement, state: VisitState, target: Landmark, away_m: number): void {
    const { fix, site } = state
    if (fix === null || target.lat === null || target.lon === null) return
    const bearing_deg = bearingDeg(fix, { lat: target.lat, lon: target.lon })
    const facing_deg = this.heading_deg === null ? null : this.heading_deg + (site?.site.declination_deg ?? 0)
    const distance = sayDistance(away_m, this.words)
    setText(place.querySelector('.where'), this.words('guide_to', { name: target.name, distance }))
    setText(
      place.querySelector('.direction'),
      facing_deg === null
        ? this.words('guide_wind', { wind: this.words(`wind_${windOf(bearing_deg)}`) })
        : this.words(`guide_${sideOf(bearing_deg, facing_deg)}`)
    )
    const arrow = place.querySelector<SVGElement>('.arrow')
    arrow?.style.setProperty('rotate', `${Math.round(bearing_deg - (facing_deg ?? 0))}deg`)
    arrow?.classList.toggle('by-north', facing_deg === null)
  }

  private sayPath(state: VisitState, target: Landmark): string {
    const paths = state.site?.paths ?? []
    const from = state.trigger.current
    const way = from === null ? null : findWay(paths, from, target.id)
    return way === null || way.length_m === 0 ? '' : sayWay(way, this.words)
  }

  private listen(page: Document, wanted: boolean): void {
    if (!wanted) {
      this.stopListening?.()
      this.stopListening = null
      this.heading_deg = null
      return
    }
    this.stopListening ??= watchSensors(this.view, {
      onTurn: () => undefined,
      onHeading: (heading) => this.face(page, heading)
    })
  }

  private face(page: Document, { magnetic_deg }: Heading): void {
    const turned_deg = Math.abs(((magnetic_deg - (this.heading_deg ?? magnetic_deg + 180) + 540) % 360) - 180)
    if (turned_deg < TURN_DEG || this.latest === null) return
    this.heading_deg = magnetic_deg
    this.show(page, this.latest)
  }
}

/** A way in words: its length, then what is hard about it. */
export function sayWay(way: Way, words: Words): string {
  const metres = Math.max(5, Math.round(way.length_m / 5) * 5)
  const steps =
    way.steps === null
      ? words('guide_steps_unknown')
      : way.steps === 0
        ? words('guide_no_steps')
        : words('guide_steps', { count: way.steps })
  const slope =
    way.slope_percent !== null && way.slope_percent >= STEEP_PERCENT
      ? [words('guide_slope', { percent: way.slope_percent })]
      : []
  const wheels = way.wheelchair === null ? [] : [words(way.wheelchair ? 'guide_wheelchair' : 'guide_no_wheelchair')]
  return [words('guide_path', { metres }), steps, ...slope, ...wheels].join(' ')
}

const STEEP_PERCENT = 4 // beyond it a wheelchair needs help before long

function makeArrow(page: Document): SVGElement {
  const svg = page.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const shape = page.createElementNS('http://www.w3.org/2000/svg', 'path')
  shape.setAttribute('d', 'M12 2L20 21L12 17L4 21Z')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('class', 'arrow')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(shape)
  return svg
}
