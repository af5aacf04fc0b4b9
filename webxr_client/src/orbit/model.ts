/** One level of a package: fetched with its bytes counted, unpacked, and given back to the GPU's owner when done. */
import { Mesh, type MeshStandardMaterial, type Object3D, Points } from 'three'
import { readGlb } from './glb'
import type { Purse } from './pictures'

/** Why a model could not be had. */
export class ModelUnavailable extends Error {
  constructor(readonly problem: 'load_failed' | 'withdrawn' | 'aborted') {
    super(problem)
  }
}

/** What loading needs besides the address. */
export interface Loading {
  signal: AbortSignal
  onBytes: (bytes: number) => void
  purse: Purse
}

/** The model at an address. Throws ModelUnavailable. */
export async function loadModel(url: string, { signal, onBytes, purse }: Loading): Promise<Object3D> {
  const data = await fetchBytes(url, signal, onBytes)
  let model: Object3D
  try {
    model = await readGlb(data, purse)
  } catch {
    throw new ModelUnavailable('load_failed')
  }
  if (signal.aborted) {
    disposeModel(model)
    throw new ModelUnavailable('aborted')
  }
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

/** Free the GPU's and the pictures' memory; the geometry stays readable for ray tests. */
export function disposeModel(model: Object3D): void {
  model.traverse((part) => {
    if (!(part instanceof Mesh || part instanceof Points)) return
    const material = part.material as MeshStandardMaterial
    for (const texture of [material.map, material.normalMap, material.roughnessMap]) {
      const picture: unknown = texture?.image
      texture?.dispose()
      if (picture instanceof ImageBitmap) picture.close()
    }
    material.dispose()
    part.geometry.dispose()
  })
}
