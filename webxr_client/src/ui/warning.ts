/** The line that warns of an edge close by: water, a quay, the road with the tram. */

import { MAX_ACCURACY_M } from '../geo/trigger'
import { findHazard } from '../geo/way'
import type { VisitState } from '../state'
import type { Hazard } from '../wire'
import { announce } from './dom'
import type { Words } from './words'

const WARN_M = 8
const CALM_M = 15 // a warning is said again only after one was so far away from the edge

/** An edge, and how far away it is. */
export interface NearEdge {
  hazard: Hazard
  away_m: number
}

export interface Warning {
  /** Say once that an edge is near; null, where none is known to be, says nothing. */
  show: (page: Document, near: NearEdge | null) => void
}

export function createWarning(words: Words): Warning {
  let warned: string | null = null
  return {
    show(page, near) {
      const line = page.getElementById('hazard')
      if (line === null || near === null || near.away_m > CALM_M) {
        warned = null
        if (line !== null) line.hidden = true
        return
      }
      const { kind } = near.hazard
      if (near.away_m > WARN_M || warned === kind) return
      warned = kind
      const sentence = words(`hazard_${kind}`)
      line.hidden = false
      line.textContent = sentence
      announce(page, sentence)
    }
  }
}

/** The edge nearest to the position the phone has found; null without edges, and while the position is too vague for it. */
export function edgeNear({ site, fix }: VisitState): NearEdge | null {
  return fix === null || fix.accuracy_m > MAX_ACCURACY_M ? null : findHazard(site?.hazards ?? [], fix)
}
