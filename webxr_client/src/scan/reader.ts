/** The reader for browsers without one of their own; loaded when a visitor asks to scan. */
import decodeQR from 'qr/decode.js'
import type { Detect, SeenCode } from './detect'

const RETRIES_MS = 60 // for pictures that are hard to read; the next one comes anyway

/** Read a code with the page's own library; null when the picture shows none. */
export const readCode: Detect = (picture) => {
  let seen: SeenCode | null = null
  let corners: SeenCode['corners'] | null = null
  let modules: number | null = null
  try {
    const text = decodeQR(picture, {
      timeLimit: RETRIES_MS,
      pointsOnDetect: ({ bounds }) => {
        corners = bounds
      },
      imageOnResult: ({ width }) => {
        modules = width
      }
    })
    if (corners !== null) seen = { text, corners, modules }
  } catch {
    // the library throws when there is nothing to read, which is what most pictures show
  }
  return Promise.resolve(seen)
}
