/** Scanning the square code of a place with the page's own camera picture: works where the phone's camera app cannot lead here. */
import { openDetector } from '../scan/detect'
import { closeCamera, makePicture, openCamera } from '../window/camera'

const EVERY_MS = 150
const LARGEST_PX = 1024
const SPOT = /^https?:\/\/[^/?#]+\/r\/([^/]+)\/([^/]+)\/([^/]+)\/([^/?#]+)$/

/** What a code says: whose place it is of, and its letters. */
export interface Scanned {
  site: string
  rally: string
  landmark: string
  code: string
}

/** What a QR code of a rally's place says; null for anything else. */
export function readSpot(text: string): Scanned | null {
  const [, site, rally, landmark, code] = SPOT.exec(text.trim()) ?? []
  if (site === undefined || rally === undefined || landmark === undefined || code === undefined) return null
  return { site, rally, landmark, code }
}

/** What looking for a code tells: a code of some rally, another code, or that there is no picture to look at. */
export interface ScanListener {
  onSpot: (scanned: Scanned) => void
  onOther: () => void
  onBroken: () => void
}

/** Show the camera's picture in an element and look for a code until one is found or the returned function is called. */
export async function scanSpot(view: Window, root: HTMLElement, listener: ScanListener): Promise<() => void> {
  const answer = await openCamera(view.navigator.mediaDevices)
  if (!answer.ok) {
    listener.onBroken()
    return () => undefined
  }
  const video = makePicture(view.document, answer.stream)
  root.replaceChildren(video)
  const leaving = new AbortController()
  const stop = (): void => {
    leaving.abort()
    closeCamera(answer.stream)
    video.remove()
  }
  void look(view, video, listener, leaving.signal).finally(stop)
  return stop
}

async function look(view: Window, video: HTMLVideoElement, listener: ScanListener, signal: AbortSignal): Promise<void> {
  const detect = await openDetector(view).catch(() => null)
  if (detect === null) return listener.onBroken()
  const canvas = view.document.createElement('canvas')
  while (!signal.aborted) {
    const picture = takePicture(video, canvas)
    const seen = picture === null ? null : await detect(picture)
    if (signal.aborted) return
    const scanned = seen === null ? null : readSpot(seen.text)
    if (scanned !== null) return listener.onSpot(scanned)
    if (seen !== null) listener.onOther()
    await new Promise((done) => setTimeout(done, EVERY_MS))
  }
}

function takePicture(video: HTMLVideoElement, canvas: HTMLCanvasElement): ImageData | null {
  const { videoWidth, videoHeight } = video
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (videoWidth === 0 || context === null) return null
  const share = Math.min(1, LARGEST_PX / Math.max(videoWidth, videoHeight))
  const [width, height] = [Math.round(videoWidth * share), Math.round(videoHeight * share)]
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  context.drawImage(video, 0, 0, width, height)
  return context.getImageData(0, 0, width, height)
}
