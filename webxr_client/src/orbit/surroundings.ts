/** Sky and ground round a scene, for whoever stands in it instead of turning it. */
import { CircleGeometry, Color, Mesh, MeshBasicMaterial } from 'three'
import type { Extent } from './frame'
import type { World } from './world'

const SKY = 0xe3eaec
const EARTH = 0xd3ccba
const WIDE = 40 // radii of the scene: far enough for the edge to be a horizon

/** Lay them; the returned function takes them away again. */
export function surround(world: World, extent: Extent): () => void {
  const earth = new Mesh(
    new CircleGeometry(extent.radius_m * WIDE, 64),
    // pushed back in depth, so that the shadow that lies on it never flickers
    new MeshBasicMaterial({
      color: EARTH,
      toneMapped: false,
      polygonOffset: true,
      polygonOffsetFactor: 2,
      polygonOffsetUnits: 8
    })
  )
  earth.rotation.x = -Math.PI / 2
  earth.position.set(extent.middle[0], extent.floor_m - 0.01, extent.middle[2])
  const before = world.scene.background
  world.scene.background = new Color(SKY)
  world.scene.add(earth)
  return () => {
    world.scene.background = before
    world.scene.remove(earth)
    earth.geometry.dispose()
    earth.material.dispose()
  }
}
