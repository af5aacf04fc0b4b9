/** The camera at the back of the phone, as a picture behind the model. It is shown, read while a sign is looked for, and kept only in a picture the visitor takes. */

/** Why there is no picture: the visitor or the browser said no, there is no camera, or another app has it. */
export type CameraProblem = 'denied' | 'missing' | 'busy'

export type CameraAnswer = { ok: true; stream: MediaStream } | { ok: false; problem: CameraProblem }

const PROBLEMS: Record<string, CameraProblem> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing'
}
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 } }

/** Ask for the camera; must be called from a tap. */
export async function openCamera(media: MediaDevices | undefined): Promise<CameraAnswer> {
  if (media?.getUserMedia === undefined) return { ok: false, problem: 'missing' }
  try {
    const video = { facingMode: { ideal: 'environment' }, ...PICTURE }
    return { ok: true, stream: await media.getUserMedia({ video, audio: false }) }
  } catch (error) {
    return { ok: false, problem: PROBLEMS[error instanceof Error ? error.name : ''] ?? 'busy' }
  }
}

/** Let go of the camera: its light goes out. */
export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}

/** The picture of a stream, filling its container. */
export function makePicture(page: Document, stream: MediaStream): HTMLVideoElement {
  const video = page.createElement('video')
  video.autoplay = true
  video.muted = true
  video.playsInline = true // otherwise an iPhone opens its own player over the page
  video.setAttribute('aria-hidden', 'true')
  video.className = 'camera'
  video.srcObject = stream
  return video
}

/** The camera's picture as its container cuts it, and what is drawn over it, as one picture. */
export function compose(video: HTMLVideoElement, drawn: HTMLCanvasElement): HTMLCanvasElement {
  const { width, height } = drawn
  const { videoWidth, videoHeight } = video
  const enlarged = Math.max(width / videoWidth, height / videoHeight)
  const [wide, high] = [videoWidth * enlarged, videoHeight * enlarged]
  const picture = drawn.ownerDocument.createElement('canvas')
  Object.assign(picture, { width, height })
  const pen = picture.getContext('2d')
  pen?.drawImage(video, (width - wide) / 2, (height - high) / 2, wide, high)
  pen?.drawImage(drawn, 0, 0)
  return picture
}
