/** Glossy and metal surfaces: rare among scans, so their shaders come only when one is shown (vite.shaders.ts). */

import { parts, wholes } from 'virtual:gloss-shaders'
import { MeshStandardMaterial, ShaderChunk, ShaderLib } from 'three'

/** A surface of this much metal and roughness, 0 to 1, times the maps it is given. */
export function makeGlossy(metalness: number, roughness: number): MeshStandardMaterial {
  Object.assign(ShaderChunk, parts)
  Object.assign(ShaderLib.physical, wholes)
  return new MeshStandardMaterial({ metalness, roughness })
}
