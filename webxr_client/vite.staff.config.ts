import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { compress } from './vite.brotli.ts'
import { dropUnusedShaders } from './vite.shaders.ts'

const folder = fileURLToPath(new URL('../xr_server/static', import.meta.url))

/**
 * Pages of creators and staff are built apart from those of visitors: what the two have in common is packed twice, so
 * that nothing a creator's page needs is ever among what a visitor's phone loads, and keeps.
 */
export default defineConfig({
  base: '/static/',
  publicDir: false,
  build: {
    target: ['safari15.4', 'chrome100'],
    outDir: folder,
    emptyOutDir: false,
    manifest: '.vite/staff.json',
    modulePreload: {
      polyfill: false,
      resolveDependencies: (_, files) => files.filter((file) => !file.endsWith('.css'))
    },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    rolldownOptions: { checks: { pluginTimings: false }, input: ['src/studio.ts', 'src/desk.ts', 'src/kiosk.ts'] }
  },
  plugins: [dropUnusedShaders(), compress(folder)]
})
