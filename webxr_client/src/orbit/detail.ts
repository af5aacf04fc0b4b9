/** Which level of detail each model of a scene shows, by how large it is seen and what all of them together may cost. Pure. */
import type { Lod } from '../wire'

/** A model as it is seen now. */
export interface Seen {
  /** Its levels, the finest first. */
  lods: readonly Lod[]
  /** The finest one this device may have at all. */
  finest: number
  /** The level that stands there; null before any does. */
  standing: number | null
  /** Its height or width on the screen, whichever is larger, in device pixels; 0 while it is out of sight. */
  size_px: number
}

/** What all models in view may cost together. */
export interface Allowance {
  triangles: number
  pictures_bytes: number
}

export const IN_VIEW: Allowance = { triangles: 150_000, pictures_bytes: 64 << 20 }

const TRIANGLES_PER_PX = 0.12 // of the square round a model: a triangle of eight pixels, with a picture on it, is not seen as one
const FINER = 1.15 // a level is worth its bytes only when clearly called for,
const COARSER = 0.5 // and kept until it is far too fine: who turns a model about must not load it again and again
const BYTES_PER_TEXEL = (4 * 4) / 3

/** For each model the number of the level to show. */
export function chooseLevels(models: readonly Seen[], allowance: Allowance = IN_VIEW): number[] {
  const chosen = models.map(levelBySize)
  // what does not fit is made coarser where most remains of what can be seen
  while (!fits(models, chosen, allowance)) {
    const candidates = models.map((_, i) => i).filter((i) => (chosen[i] ?? 0) < (models[i]?.lods.length ?? 0) - 1)
    const left = (i: number): number => coverage(models[i], (chosen[i] ?? 0) + 1)
    const least = candidates.sort((a, b) => left(a) - left(b)).at(-1)
    if (least === undefined) break
    chosen[least] = (chosen[least] ?? 0) + 1
  }
  return chosen
}

/** How many triangles a level has for each that could be seen. */
function coverage(model: Seen | undefined, level: number): number {
  const triangles = model?.lods[level]?.triangles ?? 0
  return triangles / Math.max(model === undefined ? 0 : wanted(model), 1)
}

function wanted({ size_px }: Seen): number {
  return TRIANGLES_PER_PX * size_px * size_px
}

function levelBySize(model: Seen): number {
  const { lods, finest, standing } = model
  const coarsest = lods.length - 1
  const enough = (level: number): boolean => (lods[level]?.triangles ?? 0) >= wanted(model)
  // the coarsest level that has what can be seen, or else the finest there is
  let level = coarsest
  while (level > finest && !enough(level)) level -= 1
  if (standing === null) return level
  if (level < standing) {
    const short = (lods[standing]?.triangles ?? 0) * FINER < wanted(model)
    return short ? level : standing
  }
  if (level > standing && standing >= finest) {
    const spare = (lods[level]?.triangles ?? 0) * COARSER >= wanted(model)
    return spare ? level : standing
  }
  return level
}

function fits(models: readonly Seen[], chosen: readonly number[], allowance: Allowance): boolean {
  let [triangles, bytes] = [0, 0]
  models.forEach(({ lods, size_px }, i) => {
    const lod = lods[chosen[i] ?? 0]
    if (lod === undefined || size_px === 0) return
    triangles += lod.triangles
    bytes += lod.texture_px * lod.texture_px * BYTES_PER_TEXEL
  })
  return triangles <= allowance.triangles && bytes <= allowance.pictures_bytes
}
