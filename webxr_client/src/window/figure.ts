/** The models in the window's own world: where they stand on the assumed floor, their light and their shadow. */
import { Euler, Group } from 'three'
import { boxOf, cornersOf, rotate } from '../orbit/frame'
import type { Loan } from '../orbit/stage'
import { aimSun, createWorld, disposeWorld, layGround, type World } from '../orbit/world'
import type { Point3 } from '../wire'
import { type Box, standBefore } from '../xr/placing'
import { radiusOf } from '../xr/standing'
import { glide, type Stance } from './glide'

/** How high the phone is held: nothing tells the page, and the page says so. */
export const EYES_M = 1.5
const SUN: Point3 = [-0.55, 0.85, 0.5] // over the visitor's shoulder while north is not known

export class Figure {
  readonly world: World = createWorld()
  readonly box: Box
  private readonly place3d = new Group()
  private readonly radius_m: number
  private shown: Stance | null = null
  private wanted: Stance | null = null
  private eased_at = 0

  constructor(private readonly loan: Loan) {
    this.place3d.add(loan.model)
    this.box = loan.box
    this.radius_m = radiusOf(loan.box)
    this.place3d.visible = false
    this.world.scene.add(this.place3d)
  }

  /** Before the visitor in a direction of the phone's frame, its face so far away; there at once. */
  standBefore(ahead_rad: number, away_m: number): void {
    const floor: Point3 = [Math.sin(ahead_rad), -EYES_M, -Math.cos(ahead_rad)]
    const { position, yaw_rad, distance_m } = standBefore([0, 0, 0], floor, this.box)
    const farther_m = away_m - distance_m
    this.shown = null
    this.want({
      position: [position[0] + floor[0] * farther_m, position[1], position[2] + floor[2] * farther_m],
      turn: [0, Math.sin(yaw_rad / 2), 0, Math.cos(yaw_rad / 2)]
    })
  }

  /** At a place round the phone, turned so, its ground on the floor; it goes there smoothly. */
  want({ position, turn }: Stance, ground_y = this.box.min[1]): void {
    this.wanted = { position: [position[0], -EYES_M - ground_y, position[2]], turn }
    this.eased_at = performance.now()
  }

  /** Take it out of sight, or give it back. */
  veil(on: boolean): void {
    this.place3d.visible = !on && this.shown !== null
    this.world.ground.visible = !on
  }

  /** One frame on its way: whether it goes on moving, and whether its shadow must be drawn anew. */
  ease(now: number, atOnce: boolean): { moves: boolean; arrived: boolean } {
    if (this.wanted === null || this.shown === this.wanted) return { moves: false, arrived: false }
    const first = this.shown === null
    this.shown = glide(this.shown ?? this.wanted, this.wanted, (now - this.eased_at) / 1000, atOnce)
    this.eased_at = now
    if (first) this.place3d.visible = true
    this.apply(this.shown)
    const arrived = this.shown === this.wanted
    if (arrived) this.light()
    return { moves: !arrived, arrived }
  }

  dispose(): void {
    this.place3d.remove(this.loan.model)
    disposeWorld(this.world)
  }

  private apply({ position, turn }: Stance): void {
    this.place3d.position.set(...position)
    this.place3d.quaternion.set(...turn)
    this.place3d.updateMatrixWorld(true)
  }

  private light(): void {
    const { min, max } = this.turned(this.place3d.quaternion.toArray())
    const at = this.place3d.position
    const middle: Point3 = [at.x + (min[0] + max[0]) / 2, at.y + (min[1] + max[1]) / 2, at.z + (min[2] + max[2]) / 2]
    const yaw_rad = new Euler().setFromQuaternion(this.place3d.quaternion, 'YXZ').y
    aimSun(this.world, middle, this.radius_m, turnedBy(yaw_rad, SUN))
    layGround(this.world, [middle[0], -EYES_M, middle[2]], this.radius_m, null)
  }

  /** The box, turned, about the place of the models. */
  private turned(turn: readonly number[]): Box {
    return boxOf(cornersOf(this.box).map((corner) => rotate(corner, turn)))
  }
}

function turnedBy(yaw_rad: number, [x, y, z]: Point3): Point3 {
  const [sin, cos] = [Math.sin(yaw_rad), Math.cos(yaw_rad)]
  return [x * cos + z * sin, y, z * cos - x * sin]
}
