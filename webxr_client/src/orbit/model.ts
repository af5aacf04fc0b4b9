/** One level of a package: fetched, unpacked, and given back to the GPU's owner when done. */
import { Mesh, type MeshStandardMaterial, type Object3D, Points } from 'three'
import { type Fetched, fetchBytes, ModelUnavailable } from './file'
import { readGlb } from './glb'
import type { Purse } from './pictures'

/** What loading needs besides the address. */
export interface Loading {
  signal: AbortSignal
  onBytes: (bytes: number) => void
  purse: Purse
  /** A file that need not be fetched. */
  fetched?: Fetched | null
}

/** The model at an address. Throws ModelUnavailable. */
export async function loadModel(url: string, { signal, onBytes, purse, fetched }: Loading): Promise<Object3D> {
  const here = fetched?.url === url ? fetched.data : null
  if (here !== null) onBytes(here.byteLength)
  const data = here ?? (await fetchBytes(url, signal, onBytes))
  let model: Object3D
  try {
    model = await readGlb(data, purse)
  } catch {
    throw new ModelUnavailable('broken')
  }
  if (signal.aborted) {
    disposeModel(model)
    throw new ModelUnavailable('aborted')
  }
  return model
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
