/**
 * Holding on to the floor: an anchor near the visitor, by which what stands moves when the phone corrects its map. Anchors
 * far away swing with every small turn of that map, so a new one is made when the visitor has walked on.
 */
import type { Point3 } from '../wire'
import type { FloorPoint } from './floor'

const FAR_M = 12

export interface Hold {
  /** What to add to what stands, since it was put or last moved; null while the anchor is out of sight. */
  shift: (frame: XRFrame, space: XRReferenceSpace) => Point3 | null
  /** Whether the visitor has walked so far from it that a new one should be made. */
  isFar: (eye: Point3) => boolean
  /** Make the anchor anew at a floor point; until the browser has it the old one holds. */
  renew: (found: FloorPoint) => void
}

/** Hold on at a floor point; without anchors in this browser nothing ever shifts. */
export function holdOn(found: FloorPoint): Hold {
  let from: Point3 = found.point
  let anchor: { space: XRSpace; from: Point3; base: Point3 } | null = null
  let shifted: Point3 = [0, 0, 0]
  const make = ({ result, point }: FloorPoint): void => {
    from = point
    result.createAnchor?.()?.then(
      (made) => {
        if (made !== undefined) anchor = { space: made.anchorSpace, from: point, base: shifted }
      },
      () => undefined // without an anchor it stands where it was put, as on phones that have none
    )
  }
  make(found)
  return {
    shift(frame, space) {
      const pose = anchor === null ? null : (frame.getPose(anchor.space, space) ?? null)
      if (anchor === null || pose === null) return null
      const { x, y, z } = pose.transform.position
      const { base } = anchor
      shifted = [base[0] + x - anchor.from[0], base[1] + y - anchor.from[1], base[2] + z - anchor.from[2]]
      return shifted
    },
    isFar: (eye) => Math.hypot(eye[0] - from[0], eye[2] - from[2]) > FAR_M,
    renew: make
  }
}
