/**
 * The shaders of matt scans, compiled while the first model is on its way: else it would be there and wait for them.
 */
import {
  BufferAttribute,
  BufferGeometry,
  type Camera,
  DataTexture,
  DoubleSide,
  Mesh,
  MeshLambertMaterial,
  type Scene,
  SRGBColorSpace,
  type WebGLRenderer
} from 'three'

/** Compile what a world and our pipeline's coarse levels mostly need; gives what lets go of it, once a model stands. */
export function warm(renderer: WebGLRenderer, scene: Scene, camera: Camera): () => void {
  const geometry = new BufferGeometry()
  for (const [name, width] of [
    ['position', 3],
    ['normal', 3],
    ['uv', 2]
  ] as const) {
    geometry.setAttribute(name, new BufferAttribute(new Float32Array(width), width))
  }
  const map = new DataTexture(new Uint8Array(4), 1, 1)
  map.colorSpace = SRGBColorSpace
  const material = new MeshLambertMaterial({ side: DoubleSide, map })
  const like = new Mesh(geometry, material)
  scene.add(like)
  renderer.compile(scene, camera)
  scene.remove(like)
  return () => {
    geometry.dispose()
    material.dispose()
    map.dispose()
  }
}
