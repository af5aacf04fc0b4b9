/** Eras one over another: while the slider moves, the one fades into the other. */
import { type Material, Mesh, MeshBasicMaterial, type Object3D, Points } from 'three'

const VEIL = 'veil'
const depthOnly = new MeshBasicMaterial({ colorWrite: false })

/**
 * Show a share of a model. Its depth is drawn first and without colour, so that only its front fades; walls behind one
 * another would shine through each other otherwise.
 */
export function dissolve(model: Object3D, share: number): void {
  const parts: (Mesh | Points)[] = []
  model.traverse((part) => {
    if ((part instanceof Mesh || part instanceof Points) && part.name !== VEIL) parts.push(part)
  })
  for (const part of parts) {
    const material = part.material as Material
    const faded = share < 1
    if (material.transparent !== faded) {
      material.transparent = faded
      material.needsUpdate = true
      veil(part, faded)
    }
    material.opacity = share
  }
}

function veil(part: Mesh | Points, on: boolean): void {
  const old = part.getObjectByName(VEIL)
  if (old !== undefined) part.remove(old)
  if (!on || part instanceof Points) return
  const front = new Mesh(part.geometry, depthOnly)
  front.name = VEIL
  part.add(front)
}
