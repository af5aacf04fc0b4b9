/** Eras one over another: while the slider moves, the one fades into the other. */
import { type Material, Mesh, type Object3D, Points } from 'three'
import type { Era, SceneDocument, SceneNode } from '../wire'

/** How much of each era is seen, from 0 to 1, by its id. */
export type EraShares = ReadonlyMap<string, number>

/** The shares at a place of the slider: 0 is the first era, 1 the second, 0.3 mostly the first. Eras are in the order of years. */
export function sharesAt(eras: readonly Era[], place: number): EraShares {
  return new Map(eras.map(({ id }, i) => [id, Math.max(0, 1 - Math.abs(i - place))]))
}

/** Where the slider stands at first: at the era of the scene's first node. */
export function firstPlace({ eras, nodes }: SceneDocument): number {
  return Math.max(
    0,
    eras.findIndex(({ id }) => nodes[0]?.eras.includes(id) === true)
  )
}

/** The era nearest to a place of the slider. */
export function eraAt(eras: readonly Era[], place: number): Era | null {
  return eras[Math.min(eras.length - 1, Math.max(0, Math.round(place)))] ?? null
}

/** How much of a node is seen: all of it when it belongs to no era, or when it stood through both that are mixed. */
export function shareOf(node: SceneNode, shares: EraShares | null): number {
  if (shares === null || node.eras.length === 0) return 1
  return Math.min(
    1,
    node.eras.reduce((sum, era) => sum + (shares.get(era) ?? 0), 0)
  )
}

/** Show a share of a model: as a grain of opaque dots, since walls behind one another would have to be sorted otherwise. */
export function dissolve(model: Object3D, share: number): void {
  model.traverse((part) => {
    if (!(part instanceof Mesh || part instanceof Points)) return
    const material = part.material as Material
    const grain = share < 1
    if (material.alphaHash !== grain) {
      material.alphaHash = grain
      material.needsUpdate = true
    }
    material.opacity = share
  })
}
