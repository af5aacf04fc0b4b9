/** Which eras are seen, and how much of each, at a place of the slider between them. Pure. */
import type { Era, SceneDocument, SceneNode } from './wire'

/** How much of each era is seen, from 0 to 1, by its id. */
export type EraShares = ReadonlyMap<string, number>

/** The shares at a place of the slider: 0 is the first era, 1 the second, 0.3 mostly the first. Eras are in the order of years. */
export function sharesAt(eras: readonly Era[], place: number): EraShares {
  return new Map(eras.map(({ id }, i) => [id, Math.max(0, 1 - Math.abs(i - place))]))
}

/** Where the slider stands at first: at the era the scene names, or else that of its first node. */
export function firstPlace({ eras, initial_era, nodes }: SceneDocument): number {
  const first = initial_era ?? nodes[0]?.eras[0]
  return Math.max(
    0,
    eras.findIndex(({ id }) => id === first)
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
