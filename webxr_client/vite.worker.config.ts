import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { compress } from './vite.brotli.ts'

interface Chunk {
  file: string
  css?: string[]
  imports?: string[]
  dynamicImports?: string[]
}

const folder = fileURLToPath(new URL('../xr_server/static', import.meta.url))
const manifestText = readFileSync(`${folder}/.vite/manifest.json`, 'utf8')
const manifest = JSON.parse(manifestText) as Record<string, Chunk>

/** Files of a visitor's entry and all it imports, at once or later: what must be there when there is no network. */
function collect(entry: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[entry]
  if (chunk === undefined || seen.has(`/static/${chunk.file}`)) return seen
  for (const file of [chunk.file, ...(chunk.css ?? [])]) seen.add(`/static/${file}`)
  for (const next of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])]) collect(next, seen)
  return seen
}

const icons = ['/static/icons/icon.svg', '/static/icons/icon-192.png']
const shell = [
  ...new Set(
    ['src/main.ts', 'src/immersive.ts', 'src/rally/rally.css', 'src/memories.css'].flatMap((entry) => [
      ...collect(entry)
    ])
  ),
  ...icons
].sort()
const version = createHash('sha256').update(manifestText).digest('hex').slice(0, 12)

/** The service worker is built after the pages, since it carries the list of their files, and into one plain script. */
export default defineConfig({
  base: '/static/',
  publicDir: false,
  define: { SHELL_FILES: JSON.stringify(shell), SHELL_VERSION: JSON.stringify(version) },
  build: {
    target: ['safari15.4', 'chrome100'],
    outDir: folder,
    emptyOutDir: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: 'src/offline/sw.ts',
      output: { format: 'iife', entryFileNames: 'sw.js' }
    }
  },
  plugins: [compress(folder)]
})
