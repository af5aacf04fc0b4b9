/** What a model is held by: a ring on the ground that turns it, and a mark above it that raises it; and a person beside it. */
import { type Color, Group, type Object3D, Vector3 } from 'three'
import type { Box, Flat } from '../surroundings'
import type { Eye } from './eye'
import { type Beam, onLevel } from './hit'
import { barOf, circleOf, makeMesh, PERSON, ribbonOf, turnedOf } from './shapes'

export type Held = 'model' | 'ring' | 'height'

const LEAST_RADIUS_M = 1.5
const GRASP_PX = 24 // half of what a finger needs
const FLOOR_Y = 0.04

export class Handles {
  readonly ring_y = FLOOR_Y
  /** Places of the labels; they go along. */
  readonly labels = { north: new Vector3(), person: new Vector3() }
  private readonly turning = new Group()
  private readonly standing = new Group()
  private readonly mark = new Group()
  private readonly drop = new Group()
  private readonly radius_m: number
  private readonly top_m: number
  private readonly size_m: number

  constructor(scene: Object3D, box: Box, accent: Color, ink: Color) {
    const { min, max } = box
    const reach = Math.max(...[min, max].flatMap(([x, , z]) => [Math.abs(x), Math.abs(z)]))
    this.radius_m = Math.max(LEAST_RADIUS_M, Math.hypot(reach, reach * 0.6) + 0.6)
    this.size_m = Math.max(0.25, this.radius_m * 0.05)
    this.top_m = max[1]
    const { radius_m, size_m } = this
    const knob: [number, number][] = [
      [0, -size_m],
      [size_m, 0],
      [0, size_m]
    ]
    const front: Flat[] = [
      [0, 0],
      [0, -radius_m]
    ]
    const foot: Flat[] = [
      [min[0], min[2]],
      [max[0], min[2]],
      [max[0], max[2]],
      [min[0], max[2]]
    ]
    const grip = makeMesh(turnedOf(knob), accent, true)
    grip.position.set(0, FLOOR_Y + size_m, -radius_m)
    this.turning.add(
      makeMesh(ribbonOf(circleOf(radius_m), size_m * 0.5, FLOOR_Y), accent, false),
      makeMesh(ribbonOf(front, size_m * 0.25, FLOOR_Y, 0, true), accent, false),
      makeMesh(ribbonOf(foot, size_m * 0.25, FLOOR_Y), accent, false),
      grip
    )
    const arrow: [number, number][] = [
      [0, -2.2 * size_m],
      [0.9 * size_m, -0.8 * size_m],
      [0.3 * size_m, -0.8 * size_m],
      [0.3 * size_m, 0.8 * size_m],
      [0.9 * size_m, 0.8 * size_m],
      [0, 2.2 * size_m]
    ]
    this.mark.add(makeMesh(turnedOf(arrow), accent, true))
    this.drop.add(makeMesh(barOf([0, 0, 0], [0, 1, 0], size_m * 0.2), accent, false))
    const person = makeMesh(turnedOf(PERSON), ink, true)
    person.position.set(radius_m + 0.9, 0, 0)
    const shaft: Flat[] = [
      [0, -radius_m - 0.6],
      [0, -radius_m - 0.6 - 6 * size_m]
    ]
    const tip = shaft[1]?.[1] ?? 0
    const head: Flat[] = [
      [-1.4 * size_m, tip + 1.8 * size_m],
      [0, tip],
      [1.4 * size_m, tip + 1.8 * size_m]
    ]
    this.standing.add(
      person,
      makeMesh(ribbonOf(shaft, size_m * 0.5, FLOOR_Y, 0, true), ink, false),
      makeMesh(ribbonOf(head, size_m * 0.5, FLOOR_Y, 0, true), ink, false)
    )
    scene.add(this.turning, this.standing, this.mark, this.drop)
  }

  /** Stand where the model stands. */
  follow({ position: { x, y, z }, rotation }: Object3D): void {
    this.turning.position.set(x, 0, z)
    this.turning.rotation.y = rotation.y
    this.standing.position.set(x, 0, z) // north and the person do not turn
    this.mark.position.set(x, y + this.top_m + 3.2 * this.size_m, z)
    this.drop.position.set(x, 0, z)
    this.drop.scale.y = y === 0 ? 1e-3 : y
    this.labels.north.set(x, 0, z - this.radius_m - 0.6 - 8 * this.size_m)
    this.labels.person.set(x + this.radius_m + 0.9, 2.1, z)
  }

  /** What a beam takes hold of, and where; null when it passes both. */
  heldBy(beam: Beam, eye: Eye): { held: Held; at: Vector3 } | null {
    const mark = this.mark.position
    const grasp_m = GRASP_PX * eye.metresPerPixel(mark)
    const along = mark.clone().sub(beam.from).dot(beam.along)
    const nearest = beam.along.clone().multiplyScalar(along).add(beam.from)
    if (along > 0 && nearest.distanceTo(mark) < Math.max(grasp_m, this.size_m * 2))
      return { held: 'height', at: mark.clone() }
    const at = onLevel(beam, FLOOR_Y)
    if (at === null) return null
    const out = Math.hypot(at.x - this.turning.position.x, at.z - this.turning.position.z)
    const wide_m = Math.max(this.size_m, GRASP_PX * eye.metresPerPixel(at) * 0.7)
    return Math.abs(out - this.radius_m) < wide_m ? { held: 'ring', at } : null
  }
}
