/** Bundles the client's own code with what plays a day on it, and runs that: node run.mjs FOLDER. */
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'vite'

const folder = resolve(process.argv[2])
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
await build({
  configFile: false,
  root: here('../..'),
  logLevel: 'silent',
  ssr: { noExternal: true },
  build: { ssr: here('play.ts'), outDir: folder, copyPublicDir: false, minify: false, target: 'node20' }
})
await import(pathToFileURL(resolve(folder, 'play.js')))
