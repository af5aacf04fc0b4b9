import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(js|css|svg|json|webmanifest)$/

/** Writes a `.br` beside every text file of the build, which the server sends to browsers that take brotli. */
export function compress(folder: string, copied: readonly string[] = []): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    writeBundle(_, bundle) {
      for (const name of [...Object.keys(bundle), ...copied].filter((file) => TEXT.test(file))) {
        const path = join(folder, name)
        const packed = brotliCompressSync(readFileSync(path), {
          params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
        })
        writeFileSync(`${path}.br`, packed)
      }
    }
  }
}
