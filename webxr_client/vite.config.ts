import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { compress } from './vite.brotli.ts'
import { nameChunk } from './vite.chunks.ts'
import { dropUnusedShaders } from './vite.shaders.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const folder = fileURLToPath(new URL('../xr_server/static', import.meta.url))
/** Pages of visitors, list and immersive; the server finds each in the manifest. Those of staff: vite.staff.config.ts. */
const entries = ['src/main.ts', 'src/immersive.ts', 'src/follow.ts', 'src/book.ts']
/** Style sheets by themselves: were one imported by a script that comes later, every page would carry what loads it. */
const sheets = [
  'src/rally/rally.css',
  'src/follow.css',
  'src/coupon.css',
  'src/endpoints.css',
  'src/questions/questions.css',
  'src/memories.css'
]
const copied = readdirSync(`${here}public`, { recursive: true, encoding: 'utf8' })

export default defineConfig({
  base: '/static/',
  build: {
    target: ['safari15.4', 'chrome100'],
    outDir: folder,
    emptyOutDir: true,
    manifest: true,
    // the style sheets of an entry stand in its pages already
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_, files) => files.filter((file) => !file.endsWith('.css'))
    },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: [...entries, ...sheets].filter((entry) => existsSync(here + entry)),
      output: { codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: nameChunk(here) }] } }
    }
  },
  plugins: [dropUnusedShaders(), compress(folder, copied)],
  test: {
    include: ['test/**/*.test.ts'],
    // a fresh process for each file took most of the time; what tests put in place of globals is taken back instead
    isolate: false,
    setupFiles: ['test/set-up.ts'],
    unstubGlobals: true
  }
})
