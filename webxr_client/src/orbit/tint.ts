/** The view that tells what is known from what is thought: models take the colour of their grade. */
import { Color, Mesh, type MeshStandardMaterial, type Object3D, Points } from 'three'
import type { Provenance } from '../wire'

/** Over the model's own colours, so light that these still tell walls from roofs. */
const TINTS: Record<Provenance, number> = { evidence: 0xa9e4ea, estimate: 0xffd98a, fiction: 0xffb3a0 }
const OWN = 'ownColour'

/** Show a model in the tint of a grade; null gives it its own colours back. */
export function tint(model: Object3D, grade: Provenance | null): void {
  model.traverse((part) => {
    if (!(part instanceof Mesh || part instanceof Points)) return
    const material = part.material as MeshStandardMaterial
    material.userData[OWN] ??= material.color.clone()
    material.color.copy(material.userData[OWN] as Color)
    if (grade !== null) material.color.multiply(new Color(TINTS[grade]))
  })
}
