/** What surrounds a model: light from a calm sky and a sun, and the ground that takes its shadow. */
import {
  BufferAttribute,
  CircleGeometry,
  Color,
  DirectionalLight,
  Group,
  HemisphereLight,
  Mesh,
  MeshBasicMaterial,
  RingGeometry,
  Scene,
  ShadowMaterial
} from 'three'
import type { Point3 } from '../wire'
import { GROUND, SKY, SKY_INTENSITY, SUN, SUN_FROM, SUN_INTENSITY } from './daylight'

/** A scene with its lights; the model goes in. */
export interface World {
  scene: Scene
  sky: HemisphereLight
  sun: DirectionalLight
  ground: Group
}

const SHADOW_PX = 2048
const DISC_SHARE = 0.1

/** A lit world without a model. */
export function createWorld(): World {
  const scene = new Scene()
  const sky = new HemisphereLight(SKY, GROUND, SKY_INTENSITY)
  const sun = new DirectionalLight(SUN, SUN_INTENSITY)
  sun.castShadow = true
  sun.shadow.mapSize.set(SHADOW_PX, SHADOW_PX)
  const ground = new Group()
  scene.add(sky, sun, sun.target, ground)
  return { scene, sky, sun, ground }
}

/** Let the sun throw shadows or not: a frame without any needs one pass and one shader less. */
export function castShadows(world: World, on: boolean): void {
  world.sun.castShadow = on
  const [shadow] = world.ground.children
  if (shadow !== undefined) shadow.visible = on
}

/** Point the sun at a place so that its shadow covers a radius, from a direction (towards the sun). */
export function aimSun(world: World, middle: Point3, radius_m: number, from: Point3 = SUN_FROM): void {
  const { sun } = world
  const length = Math.hypot(...from) || 1
  sun.target.position.set(...middle)
  sun.position
    .set(...from)
    .multiplyScalar((radius_m * 3) / length)
    .add(sun.target.position)
  const camera = sun.shadow.camera
  camera.left = camera.bottom = -radius_m * 1.1
  camera.right = camera.top = radius_m * 1.1
  camera.near = radius_m
  camera.far = radius_m * 6
  camera.updateProjectionMatrix()
  sun.shadow.normalBias = (radius_m / SHADOW_PX) * 2
  sun.shadow.radius = 4
}

/** Lay the ground: a surface that shows only shadow and, with a colour, a disc of it that fades out. */
export function layGround(world: World, middle: Point3, radius_m: number, colour: string | null): void {
  clearGround(world)
  const shadow = new Mesh(new CircleGeometry(radius_m * 3, 48), new ShadowMaterial({ opacity: 0.22 }))
  shadow.receiveShadow = true
  shadow.visible = world.sun.castShadow
  world.ground.add(shadow)
  if (colour !== null) world.ground.add(makeDisc(radius_m * 2.4, colour))
  world.ground.rotation.x = -Math.PI / 2
  world.ground.position.set(middle[0], middle[1], middle[2])
}

function makeDisc(radius_m: number, colour: string): Mesh {
  const shape = new RingGeometry(0, radius_m, 96, 6)
  const place = shape.getAttribute('position')
  const { r, g, b } = new Color(colour)
  const shades = new Float32Array(place.count * 4)
  for (let i = 0; i < place.count; i++) {
    const out = Math.min(1, Math.hypot(place.getX(i), place.getY(i)) / radius_m)
    shades.set([r, g, b, DISC_SHARE * (1 - out) ** 1.5], i * 4)
  }
  shape.setAttribute('color', new BufferAttribute(shades, 4))
  const disc = new Mesh(shape, new MeshBasicMaterial({ vertexColors: true, transparent: true, depthWrite: false }))
  disc.position.z = -0.002 * radius_m // below the shadow, so that the two never flicker
  return disc
}

function clearGround(world: World): void {
  for (const part of [...world.ground.children] as Mesh[]) {
    part.geometry.dispose()
    ;(part.material as MeshBasicMaterial).dispose()
    world.ground.remove(part)
  }
}

/** Free what the world holds on the GPU; models are not its own. */
export function disposeWorld(world: World): void {
  clearGround(world)
  world.sun.dispose()
}
