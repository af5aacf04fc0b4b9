import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'

/**
 * three carries the shader text of every material it knows in one file, used or not: a tenth of the first download.
 * These parts belong to what no scene of ours has: layered surfaces, mirrored surroundings, fog, bones, cuts.
 */
const UNUSED =
  /^(clearcoat|iridescence|transmission|lights_toon|lights_phong|lights_fragment_maps|gradientmap|envmap|cube_uv|morph|skin|batching|displacementmap|bumpmap|alphahash|lightprobes|logdepthbuf|fog|lightmap|aomap|emissivemap|alphamap|clipping_planes|dithering)/
/** Glossy surfaces are rare: their parts are taken out too, and put back by `src/orbit/gloss.ts` where one is shown. */
const GLOSS = /^(roughnessmap|metalnessmap|lights_physical)/
/** Whole shaders are known by their first lines only: surfaces we have none of, pictures behind all, dashes, soft shadows. */
const UNUSED_WHOLE =
  /^(#define (PHONG|TOON|MATCAP|NORMAL|DISTANCE)|varying vec2 vUv;\\nuniform mat3 uvTransform;|varying vec3 vWorldDirection;|uniform (float backgroundBlurriness|sampler2D (t2D|tEquirect|shadow_pass)|samplerCube tCube|float scale);|uniform vec3 diffuse;\\nuniform float opacity;\\nuniform float dashSize;)\\n/
const GLOSS_WHOLE = /^#define STANDARD\\n/
const PART = /^(var|const) ([\w$]+) = "((?:[^"\\]|\\.)*)";$/gm
const FEWEST = 50
const GLOSS_MODULE = 'virtual:gloss-shaders'

/** Empties the shader parts in three that no matt material of ours includes, and gives those of glossy ones a module. */
export function dropUnusedShaders(): Plugin {
  let building = false
  return {
    name: 'drop-unused-shaders',
    configResolved(config) {
      building = config.command === 'build'
    },
    resolveId: (id) => (id === GLOSS_MODULE ? `\0${GLOSS_MODULE}` : null),
    load(id) {
      if (id !== `\0${GLOSS_MODULE}`) return null
      return building ? writeGloss() : 'export const parts = {}, wholes = {}'
    },
    transform: {
      filter: { id: /three[\\/]build[\\/]three\.module\.js$/ },
      handler(code) {
        if (!building) return null
        let dropped = 0
        const rest = code.replace(PART, (whole, keyword: string, name: string, text: string) => {
          if (
            ![UNUSED, GLOSS].some((kind) => kind.test(name)) &&
            ![UNUSED_WHOLE, GLOSS_WHOLE].some((kind) => kind.test(text))
          )
            return whole
          dropped += 1
          return `${keyword} ${name} = "";`
        })
        // a new three that names its parts otherwise must not quietly grow the download
        if (dropped < FEWEST) this.error(`only ${dropped} shader parts of three were found; look at vite.shaders.ts`)
        return { code: rest, map: null }
      }
    }
  }
}

/** The module with what glossy surfaces need of three's shaders. */
function writeGloss(): string {
  const code = readFileSync(
    createRequire(import.meta.url)
      .resolve('three')
      .replace(/three\.cjs$/, 'three.module.js'),
    'utf8'
  )
  const found = [...code.matchAll(PART)]
  const parts = found.filter(([, , name]) => GLOSS.test(name ?? '')).map(([, , name, text]) => `${name}: "${text}"`)
  const wholes = found.filter(([, , , text]) => GLOSS_WHOLE.test(text ?? '')).map(([, , , text]) => text ?? '')
  const vertex = wholes.find((text) => text.includes('gl_Position') || text.includes('<project_vertex>'))
  const fragment = wholes.find((text) => text !== vertex)
  if (parts.length < 4 || vertex === undefined || fragment === undefined) {
    throw new Error('the shaders of glossy surfaces were not found in three; look at vite.shaders.ts')
  }
  const whole = `{ vertexShader: "${vertex}", fragmentShader: "${fragment}" }`
  return `export const parts = { ${parts.join(', ')} }\nexport const wholes = ${whole}`
}
