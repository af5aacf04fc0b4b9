/** The models as they stand in the camera picture: their place, the ground under them and the light on them. */
import { Group } from 'three'
import { cornersOf } from '../orbit/frame'
import type { Loan } from '../orbit/stage'
import { aimSun, layGround, type World } from '../orbit/world'
import type { Turn } from '../window/attitude'
import { glide, type Stance } from '../window/glide'
import type { Point3 } from '../wire'
import type { Box } from './placing'

export interface Standing {
  readonly box: Box
  readonly radius_m: number
  /** The middle of the model; null while it stands nowhere. */
  readonly middle: Point3 | null
  /** Stand there, the ground so high above that place: at once when it stood nowhere, else on an easy way. */
  put: (position: Point3, turn: Turn, ground_y: number) => void
  /** A frame later on that way. */
  step: (passed_s: number) => void
  takeAway: () => void
  /** Out of sight for a while, as while the visitor walks. */
  veil: (veiled: boolean) => void
}

/** The lent models in a world of its own; nothing is seen before `put`. `still`: corrections at once. */
export function makeStanding(loan: Loan, world: World, still: boolean): Standing {
  const group = new Group()
  group.add(loan.model)
  const { box } = loan
  const radius_m = radiusOf(box)
  group.visible = false
  world.scene.add(group)
  let wanted: Stance | null = null
  let shown: Stance | null = null
  let veiled = false
  let ground_m = 0
  const show = (): void => {
    group.visible = shown !== null && !veiled
    world.ground.visible = group.visible
  }
  const lay = (stance: Stance): void => {
    shown = stance
    group.position.set(...stance.position)
    group.quaternion.set(...stance.turn)
    const middle = middleOf(stance.position, box)
    aimSun(world, middle, radius_m)
    layGround(world, [middle[0], stance.position[1] + ground_m, middle[2]], radius_m, null)
    loan.renderer.shadowMap.needsUpdate = true
    show()
  }
  return {
    box,
    radius_m,
    get middle() {
      return shown === null ? null : middleOf(shown.position, box)
    },
    put(position, turn, ground_y) {
      ground_m = ground_y
      wanted = { position, turn }
      if (shown === null || still) lay(wanted)
    },
    step(passed_s) {
      if (wanted === null || shown === null || shown === wanted) return
      lay(glide(shown, wanted, passed_s, false))
    },
    takeAway() {
      wanted = null
      shown = null
      show()
    },
    veil(on) {
      if (veiled === on) return
      veiled = on
      show()
    }
  }
}

/** How far a box reaches from its middle; seen from above that is where the first model stands. */
export function radiusOf(box: Box): number {
  const middle_m = (box.min[1] + box.max[1]) / 2
  return Math.max(...cornersOf(box).map(([x, y, z]) => Math.hypot(x, y - middle_m, z)))
}

function middleOf(position: Point3, { min, max }: Box): Point3 {
  return [position[0], position[1] + (min[1] + max[1]) / 2, position[2]]
}
