/** Which reader of QR codes a browser gets: its own where it has one, else the page's, loaded only then. */
import type { Quad } from '../align/sign'

export interface SeenCode {
  text: string
  /** As the reader gives them, to a pixel or two. */
  corners: Quad
  /** Modules a side; null where the reader does not tell. */
  modules: number | null
}

export type Detect = (picture: ImageData) => Promise<SeenCode | null>

/** What browsers have of the Shape Detection API. */
interface OwnDetector {
  detect: (picture: ImageData) => Promise<{ rawValue: string; cornerPoints: Quad }[]>
}

interface OwnDetectors {
  new (options: { formats: string[] }): OwnDetector
  getSupportedFormats: () => Promise<string[]>
}

/** The reader; rejects when the page's own cannot be fetched. */
export async function openDetector(view: Window): Promise<Detect> {
  const own = await openOwn(view)
  return own ?? (await import('./reader')).readCode
}

async function openOwn(view: Window): Promise<Detect | null> {
  const { BarcodeDetector } = view as { BarcodeDetector?: OwnDetectors }
  try {
    if (BarcodeDetector === undefined || !(await BarcodeDetector.getSupportedFormats()).includes('qr_code')) return null
    const detector = new BarcodeDetector({ formats: ['qr_code'] })
    await detector.detect(new ImageData(8, 8)) // some browsers have the name and fail at the first use
    return async (picture) => {
      const [code] = await detector.detect(picture)
      return code === undefined ? null : { text: code.rawValue, corners: code.cornerPoints, modules: null }
    }
  } catch {
    return null
  }
}

/** The code of a sign in what a QR code says: an address that ends in /s/ and the code. Null for anything else. */
export function codeOf(text: string): string | null {
  const [, code] = /^https?:\/\/[^/?#]+\/s\/([a-z0-9]{4,12})\/?(?:[?#].*)?$/i.exec(text.trim()) ?? []
  return code?.toUpperCase() ?? null
}
