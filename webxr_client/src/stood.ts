/** Tells the figures by what a model stands in the camera's picture: each thing once, until that changes. */
import { classOf } from './accuracy'
import type { Aligning, Happening } from './wire'

export type Tell = (happening: Happening) => void

export interface Stood {
  /** It has become known by what it can stand; with the doubt of its true place in metres, null: it does not stand there. */
  found: (by: Aligning, doubt_m: number | null) => void
  placed: (by: Aligning) => void
  /** It was taken up again. */
  gone: () => void
}

/** For one look through the camera; a phone that is lost for a moment and finds itself again says nothing new. */
export function tellStood(tell: Tell): Stood {
  let found: Aligning | null = null
  let placed: Aligning | null = null
  return {
    found(by, doubt_m) {
      if (by === found) return
      found = by
      tell({ type: 'aligned', by, accuracy: classOf(doubt_m) })
    },
    placed(by) {
      if (by === placed) return
      placed = by
      tell({ type: 'scene_placed', by })
    },
    gone() {
      placed = null
    }
  }
}
