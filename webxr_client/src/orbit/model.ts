/** One level of a package: fetched with its bytes counted, unpacked, and given back to the GPU's owner when done. */
import { Mesh, type MeshStandardMaterial, type Object3D, type Texture } from 'three'
import { MeshoptDecoder } from 'three/examples/jsm/libs/meshopt_decoder.module.js'
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js'

/** Why a model could not be had. */
export class ModelUnavailable extends Error {
  constructor(readonly problem: 'load_failed' | 'withdrawn' | 'aborted') {
    super(problem)
  }
}

const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder)

/** The model at an address. Throws ModelUnavailable. */
export async function loadModel(url: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<Object3D> {
  const data = await fetchBytes(url, signal, onBytes)
  let model: Object3D
  try {
    model = (await loader.parseAsync(data, '')).scene
  } catch {
    throw new ModelUnavailable('load_failed')
  }
  if (signal.aborted) {
    disposeModel(model)
    throw new ModelUnavailable('aborted')
  }
  prepare(model)
  return model
}

async function fetchBytes(url: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<ArrayBuffer> {
  try {
    const answer = await fetch(url, { signal })
    if (answer.status === 410) throw new ModelUnavailable('withdrawn')
    if (!answer.ok || answer.body === null) throw new ModelUnavailable('load_failed')
    const parts: Uint8Array<ArrayBuffer>[] = []
    const reader = answer.body.getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value)
      onBytes(part.value.byteLength)
    }
    return await new Blob(parts).arrayBuffer()
  } catch (error) {
    if (error instanceof ModelUnavailable) throw error
    throw new ModelUnavailable(signal.aborted ? 'aborted' : 'load_failed')
  }
}

function prepare(model: Object3D): void {
  model.traverse((part) => {
    if (!(part instanceof Mesh)) return
    part.castShadow = true
    for (const texture of texturesOf(part)) texture.anisotropy = 4 // walls are mostly seen at a slant
  })
}

function texturesOf(mesh: Mesh): Texture[] {
  const materials = (Array.isArray(mesh.material) ? mesh.material : [mesh.material]) as MeshStandardMaterial[]
  return materials.flatMap((material) => material.map ?? [])
}

/** Free the GPU's and the pictures' memory; the geometry stays readable for ray tests. */
export function disposeModel(model: Object3D): void {
  model.traverse((part) => {
    if (!(part instanceof Mesh)) return
    for (const texture of texturesOf(part)) {
      const picture: unknown = texture.image
      texture.dispose()
      if (typeof ImageBitmap !== 'undefined' && picture instanceof ImageBitmap) picture.close()
    }
    part.geometry.dispose()
    for (const material of Array.isArray(part.material) ? part.material : [part.material]) material.dispose()
  })
}
