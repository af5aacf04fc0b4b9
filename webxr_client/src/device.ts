/** What this browser and phone can do, found by asking it, never by its name. */

export type EffectiveType = 'slow-2g' | '2g' | '3g' | '4g'

/** Sensors that tell how the device is held: not there, there once the visitor allows it (iOS), or simply there. */
export type Motion = 'none' | 'ask' | 'free'

/** What matters for choosing how to show a scene; null where the browser does not say. */
export interface Device {
  webgl2: boolean
  immersiveAr: boolean
  immersiveVr: boolean
  /** The page came over a connection browsers trust; without it they give neither camera nor sensors. */
  secure: boolean
  camera: boolean
  motion: Motion
  quickLook: boolean
  reducedMotion: boolean
  saveData: boolean
  effectiveType: EffectiveType | null
  memory_gb: number | null
  maxTexture_px: number
  avif: boolean
  /** A browser from before late 2022, as on phones that get no newer one: they have little memory and do not say so. */
  older: boolean
}

interface Connection {
  saveData?: boolean
  effectiveType?: EffectiveType
}

type Extended = Navigator & { connection?: Connection; deviceMemory?: number }

/** Ask the browser of a window what it can do. */
export async function readDevice(view: Window): Promise<Device> {
  const navigator = view.navigator as Extended
  let side_px: number | null = null
  const maxTexture = (): number => (side_px ??= readMaxTexture(view.document))
  const [immersiveAr, immersiveVr, avif] = await Promise.all([
    supports(navigator.xr, 'immersive-ar'),
    supports(navigator.xr, 'immersive-vr'),
    readsAvif()
  ])
  return {
    // asked for only where a scene is shown: it starts the graphics card, for a quarter of a second on a slow phone
    get webgl2() {
      return maxTexture() > 0
    },
    immersiveAr,
    immersiveVr,
    secure: view.isSecureContext,
    camera: typeof navigator.mediaDevices?.getUserMedia === 'function',
    motion: findMotion(view),
    quickLook: view.document.createElement('a').relList.supports('ar'),
    reducedMotion: view.matchMedia('(prefers-reduced-motion: reduce)').matches,
    saveData: navigator.connection?.saveData ?? false,
    effectiveType: navigator.connection?.effectiveType ?? null,
    memory_gb: navigator.deviceMemory ?? null,
    get maxTexture_px() {
      return maxTexture()
    },
    avif,
    older: !CSS.supports('container-type: inline-size')
  }
}

/** One black pixel. */
const TINY_AVIF =
  'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAHwAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAAQAAAAEAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAAJ21kYXQSAAoIGAAGyAhoNCAyER/3h4UVwAAsAAAgkDWTv53G'

/** Whether AVIF can be decoded, by the very call that will decode the pictures of a model. */
export async function readsAvif(): Promise<boolean> {
  try {
    const bytes = Uint8Array.from(atob(TINY_AVIF), (letter) => letter.charCodeAt(0))
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/avif' }))
    picture.close()
    return true
  } catch {
    return false
  }
}

/** A desk computer names the sensors without having them: only what is touched is held in a hand. */
function findMotion(view: Window): Motion {
  const kind = (view as { DeviceOrientationEvent?: unknown }).DeviceOrientationEvent
  if (typeof kind !== 'function' || !view.matchMedia('(any-pointer: coarse)').matches) return 'none'
  return 'requestPermission' in kind ? 'ask' : 'free'
}

async function supports(xr: XRSystem | undefined, mode: XRSessionMode): Promise<boolean> {
  try {
    return (await xr?.isSessionSupported(mode)) ?? false
  } catch {
    return false // forbidden by a permissions policy: for this page the same as not there
  }
}

/** The largest texture side in pixels; 0 without WebGL 2. The context is given back at once. */
function readMaxTexture(page: Document): number {
  const gl = page.createElement('canvas').getContext('webgl2')
  if (gl === null) return 0
  const side_px = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number
  gl.getExtension('WEBGL_lose_context')?.loseContext()
  return side_px
}
