/**
 * Present-day buildings as shapes without colour: they hide what stands behind them and show the camera picture instead.
 * Only for models at their true place; AR and the magic window do not add them yet.
 */
import { BufferAttribute, BufferGeometry, Group, Mesh, MeshBasicMaterial, ShapeUtils, Vector2 } from 'three'
import { geodeticToEnu } from '../geo/enu'
import type { GeoPose, Occluder } from '../wire'

/** The shapes in metres of x east, y up, z south about an origin; drawn before everything else. */
export function makeOccluders(occluders: readonly Occluder[], origin: GeoPose['position']): Group {
  const group = new Group()
  for (const occluder of occluders) {
    const corners = occluder.footprint.map(([lat, lon]) => {
      const [east, north] = geodeticToEnu({ lat, lon, h: origin.h }, origin)
      return new Vector2(east, north)
    })
    if (corners.length < 3) continue
    const mesh = new Mesh(
      extrude(corners, occluder.base_m - origin.h, occluder.top_m - origin.h),
      new MeshBasicMaterial({ colorWrite: false })
    )
    mesh.name = occluder.id
    mesh.renderOrder = -1
    group.add(mesh)
  }
  return group
}

export function disposeOccluders(group: Group): void {
  for (const mesh of group.children as Mesh[]) {
    mesh.geometry.dispose()
    ;(mesh.material as MeshBasicMaterial).dispose()
  }
  group.removeFromParent()
}

/** Walls and a flat roof over a ring of corners (x east, y north), its faces outward whichever way it runs. */
function extrude(ring: readonly Vector2[], base_m: number, top_m: number): BufferGeometry {
  const corners = ShapeUtils.isClockWise([...ring]) ? [...ring].reverse() : [...ring]
  const count = corners.length
  const places = new Float32Array(count * 6)
  corners.forEach(({ x, y }, i) => {
    places.set([x, base_m, -y], i * 3)
    places.set([x, top_m, -y], (count + i) * 3)
  })
  const faces: number[] = []
  for (let i = 0; i < count; i++) {
    const next = (i + 1) % count
    faces.push(i, next, count + next, i, count + next, count + i)
  }
  for (const [a = 0, b = 0, c = 0] of ShapeUtils.triangulateShape([...corners], [])) {
    faces.push(count + a, count + b, count + c)
  }
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new BufferAttribute(places, 3))
  geometry.setIndex(faces)
  return geometry
}
