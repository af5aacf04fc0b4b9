import type { Plugin } from 'vite'

/**
 * three carries the shader text of every material it knows in one file, used or not: a tenth of the first download.
 * These parts belong to what no scene of ours has: glossy and layered surfaces, mirrored surroundings, fog, bones.
 */
const UNUSED =
  /^(clearcoat|iridescence|transmission|roughnessmap|metalnessmap|lights_physical|lights_toon|lights_phong|gradientmap|envmap|cube_uv|morph|skin|batching|displacementmap|bumpmap|normalmap_pars|alphahash|lightprobes|logdepthbuf|fog|lightmap|aomap|emissivemap|alphamap)/
/** Whole shaders are known by their first line only. */
const UNUSED_WHOLE = /= "#define (STANDARD|PHONG|TOON|MATCAP|NORMAL|DISTANCE)\\n/
const PART = /^(var|const) ([\w$]+) = "(?:[^"\\]|\\.)*";$/gm
const FEWEST = 50

/** Empties the shader parts in three that no material of ours includes. */
export function dropUnusedShaders(): Plugin {
  return {
    name: 'drop-unused-shaders',
    apply: 'build',
    transform: {
      filter: { id: /three[\\/]build[\\/]three\.module\.js$/ },
      handler(code) {
        let dropped = 0
        const rest = code.replace(PART, (whole, keyword: string, name: string) => {
          if (!UNUSED.test(name) && !UNUSED_WHOLE.test(whole)) return whole
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
