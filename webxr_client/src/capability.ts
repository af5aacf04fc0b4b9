/** Which level of detail suits a device. Pure. */
import type { Device } from './device'
import type { Lod, ModelFile } from './wire'

interface Budget {
  triangles: number
  bytes: number
}

const SPARE: Budget = { triangles: 30_000, bytes: 1_500_000 }
const MIDDLE: Budget = { triangles: 60_000, bytes: 5_000_000 }
const FULL: Budget = { triangles: 150_000, bytes: 16_000_000 }
const PICTURES_BYTES = 64 << 20
const SPARE_PICTURES_BYTES = 24 << 20 // of a phone with little memory: one picture of 2,048 px without a normal map

/** The number of the level to show, into a list whose first is the finest; the coarsest when none fits. */
export function pickLevel(lods: readonly Lod[], device: Device): number {
  const budget = budgetOf(device)
  const fits = lods.findIndex(
    (lod) =>
      lod.triangles <= budget.triangles &&
      fileOf(lod, device).bytes <= budget.bytes &&
      lod.texture_px <= device.maxTexture_px
  )
  const picked = fits === -1 ? lods.length - 1 : fits
  return device.saveData && lods.length > 1 ? Math.max(picked, 1) : picked // whoever saves data never gets the finest
}

/** The file of a level that this browser can show: the smaller one with AVIF where it reads that. */
export function fileOf(lod: Lod, device: Device): ModelFile {
  return device.avif && lod.avif !== undefined ? lod.avif : lod
}

/** How much memory of the GPU the pictures of all models in view may take, in bytes. */
export function pictureBudget(device: Device): number {
  const little = device.older || (device.memory_gb !== null && device.memory_gb < 2)
  return little ? SPARE_PICTURES_BYTES : PICTURES_BYTES
}

function budgetOf(device: Device): Budget {
  const slow = device.effectiveType === 'slow-2g' || device.effectiveType === '2g'
  if (device.saveData || slow || (device.memory_gb !== null && device.memory_gb < 2)) return SPARE
  if (device.effectiveType === '3g' || device.older || (device.memory_gb !== null && device.memory_gb < 4))
    return MIDDLE
  return FULL
}
