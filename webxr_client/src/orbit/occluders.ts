/**
 * Present-day buildings as shapes without colour: they hide what stands behind them and show the camera picture instead.
 * They stand there now, so they hide in every era; but one in whose place a model is seen would hide that very model,
 * and is left out while it is. Today's ground hides the same way what of a model lies under it. Only for models at their
 * true place.
 */
import { BufferAttribute, BufferGeometry, Mesh, MeshBasicMaterial, Vector2 } from 'three'
import { ShapeUtils } from 'three/src/extras/ShapeUtils.js' // not of three's own file, which every first frame loads
import { geodeticToEnu, poseInScene } from '../geo/enu'
import type { GeoPose, Occluder, Point3, SceneNode } from '../wire'
import { rotate } from './frame'
import type { Lent } from './models'
import type { Loan } from './stage'

type Position = GeoPose['position']

export interface Occluders {
  /** Metres of x east, y up, z south about the origin; one call draws all of them, before everything else. */
  readonly mesh: Mesh
  /** Leave out those in whose place one of these nodes stands. */
  follow: (seen: readonly SceneNode[]) => void
  dispose: () => void
}

/** Through the ground one would see the foot of a wall from so many times its depth away; from farther off it is lost. */
const GROUND_REACH = 20
const BENEATH_M = 0.02 // under the plane that the shadow falls on, which it would flicker through

/** The buildings round models that were lent, and the ground; nothing hides before `stand`. */
export interface Surrounding {
  /** The models stand at their true place, or no longer do. */
  stand: (truly: boolean) => void
  /** Other eras are seen. */
  follow: () => void
  dispose: () => void
}

/** Hang the buildings into what was lent: they go along with its first node, wherever that is brought. */
export function surround(loan: Loan, { geopose }: SceneNode, occluders: readonly Occluder[]): Surrounding {
  const { position } = geopose
  const { box, ground_y } = loan
  const ground = ground_y > box.min[1] ? { box, ground_y } : null
  const { mesh, follow, dispose } = makeOccluders(occluders, position, position.h + box.min[1], ground)
  loan.model.add(mesh)
  follow(loan.seen())
  return {
    stand(truly) {
      mesh.visible = truly && (occluders.length > 0 || ground !== null)
    },
    follow: () => follow(loan.seen()),
    dispose
  }
}

/** The outline of a building seen from above: x east, y north. */
interface Outline {
  occluder: Occluder
  ring: Vector2[]
}

/**
 * The shapes about an origin, all of them hiding, not seen before `mesh.visible`. They reach down to `lowest_m` (metres
 * above the ellipsoid) at least: under a building that stands higher than the model there is ground and no gap. `ground`:
 * over what lies deeper than that in the box of the models.
 */
export function makeOccluders(
  occluders: readonly Occluder[],
  origin: Position,
  lowest_m: number,
  ground: Pick<Lent, 'box' | 'ground_y'> | null = null
): Occluders {
  const outlines = occluders
    .map((occluder) => ({ occluder, ring: ringOf(occluder, origin) }))
    .filter(({ ring }) => ring.length >= 3)
  const places: number[] = []
  const faces = outlines.map(({ occluder, ring }) => {
    const base_m = Math.min(occluder.base_m, lowest_m)
    return extrude(places, ring, base_m - origin.h, occluder.top_m - origin.h)
  })
  const floor = ground === null ? [] : layOver(places, ground)
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new BufferAttribute(new Float32Array(places), 3))
  const material = new MeshBasicMaterial({ colorWrite: false })
  const mesh = new Mesh(geometry, material)
  mesh.renderOrder = -1
  mesh.visible = false
  let shown: string | null = null
  const show = (hiding: readonly boolean[]): void => {
    if (String(hiding) === shown) return
    shown = String(hiding)
    geometry.setIndex([...floor, ...faces.flatMap((part, i) => (hiding[i] === true ? part : []))])
  }
  show(outlines.map(() => true))
  return {
    mesh,
    follow: (seen) => show(outlines.map((outline) => !seen.some((node) => standsInPlaceOf(node, outline, origin)))),
    dispose() {
      geometry.dispose()
      material.dispose()
      mesh.removeFromParent()
    }
  }
}

/** The corners, counterclockwise whichever way they are told. */
function ringOf({ footprint }: Occluder, origin: Position): Vector2[] {
  const ring = footprint.map(([lat, lon]) => {
    const [east, north] = geodeticToEnu({ lat, lon, h: origin.h }, origin)
    return new Vector2(east, north)
  })
  return ShapeUtils.isClockWise(ring) ? ring.reverse() : ring
}

/** Whether the middle of the one lies within the other, seen from above: then the model is there instead of the building. */
function standsInPlaceOf({ bounds, geopose }: SceneNode, { ring }: Outline, origin: Position): boolean {
  const { position, quaternion } = poseInScene(geopose, origin)
  const { min, max } = bounds
  const middle = rotate([(min[0] + max[0]) / 2, 0, (min[2] + max[2]) / 2], quaternion)
  if (isWithin(ring, position[0] + middle[0], -position[2] - middle[2])) return true
  const [east, north] = middleOf(ring)
  const [x = 0, y = 0, z = 0, w = 1] = quaternion
  const own: Point3 = rotate([east - position[0], 0, -north - position[2]], [-x, -y, -z, w])
  return own[0] >= min[0] && own[0] <= max[0] && own[2] >= min[2] && own[2] <= max[2]
}

function middleOf(ring: readonly Vector2[]): [number, number] {
  const sum = ring.reduce((all, { x, y }) => all.set(all.x + x, all.y + y), new Vector2())
  return [sum.x / ring.length, sum.y / ring.length]
}

function isWithin(ring: readonly Vector2[], x: number, y: number): boolean {
  let within = false
  let before = ring.at(-1)
  for (const corner of ring) {
    if (before !== undefined && corner.y > y !== before.y > y) {
      const crossing = corner.x + ((before.x - corner.x) * (y - corner.y)) / (before.y - corner.y)
      if (x < crossing) within = !within
    }
    before = corner
  }
  return within
}

/** Add the corners of the ground over and round a box to the places; gives its faces, seen from above. */
function layOver(places: number[], { box: { min, max }, ground_y }: Pick<Lent, 'box' | 'ground_y'>): number[] {
  const first = places.length / 3
  const more_m = GROUND_REACH * (ground_y - min[1]) + Math.hypot(max[0] - min[0], max[2] - min[2])
  for (const [x, z] of [
    [-1, -1],
    [-1, 1],
    [1, 1],
    [1, -1]
  ] as const)
    places.push(x * more_m, ground_y - BENEATH_M, z * more_m)
  return [0, 1, 2, 0, 2, 3].map((corner) => first + corner)
}

/** Add the corners of walls and a flat roof over a ring to the places; gives its faces, all of them outward. */
function extrude(places: number[], ring: Vector2[], base_m: number, top_m: number): number[] {
  const first = places.length / 3
  const count = ring.length
  for (const height_m of [base_m, top_m]) {
    for (const { x, y } of ring) places.push(x, height_m, -y)
  }
  const faces: number[] = []
  for (let i = 0; i < count; i++) {
    const next = (i + 1) % count
    faces.push(i, next, count + next, i, count + next, count + i)
  }
  for (const [a = 0, b = 0, c = 0] of ShapeUtils.triangulateShape(ring, [])) {
    faces.push(count + a, count + b, count + c)
  }
  return faces.map((corner) => first + corner)
}
