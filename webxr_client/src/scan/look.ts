/** Looking for a sign in the camera's pictures until one is found or the visitor has enough. */
import type { SignPose } from '../align/estimator'
import { type SeenSign, seeSign, type Unfit } from '../align/sign'
import { PICTURES, poseFromPictures } from '../align/sign-pose'
import type { Turn } from '../window/attitude'
import type { Sign } from '../wire'
import { codeOf, type Detect, openDetector, type SeenCode } from './detect'
import { measureCorners } from './edges'

/** How the phone is held at a moment. */
export interface Held {
  turn: Turn
  speed_deg_s: number
}

/** The camera and, asked at each picture, how it is held. */
export interface Lookout {
  readonly video: HTMLVideoElement
  /** The opening along the longer side of the picture. */
  lensDeg: () => number
  /** Null while no sensor has spoken. */
  held: () => Held | null
}

/** Why a code that was read is not used. Unknown: it is no sign of this place. Moving: the phone is not held still. */
export type Refusal = Unfit | 'unknown' | 'moving'

/** What the last picture gave. Seen: a sign, which more pictures must confirm. Broken: the reader could not be loaded. */
export type Outcome =
  | { kind: 'nothing' }
  | { kind: 'refused'; why: Refusal }
  | { kind: 'seen' }
  | { kind: 'found'; sign: Sign; pose: SignPose; at_ms: number }
  | { kind: 'broken' }

const EVERY_MS = 120
const LARGEST_PX = 1280
const FASTEST_DEG_S = 12 // faster, picture and sensors are degrees apart
const KEPT_MS = 2500

interface Picture {
  at_ms: number
  held: Held
  lens_deg: number
  data: ImageData
}

/** Look until the returned function is called or a sign is found; every picture has its outcome. */
export function lookForSign(
  lookout: Lookout,
  signs: readonly Sign[],
  view: Window,
  onOutcome: (outcome: Outcome) => void
): () => void {
  const leaving = new AbortController()
  void look(lookout, signs, view, onOutcome, leaving.signal)
  return () => leaving.abort()
}

async function look(
  lookout: Lookout,
  signs: readonly Sign[],
  view: Window,
  onOutcome: (outcome: Outcome) => void,
  signal: AbortSignal
): Promise<void> {
  let detect: Detect
  try {
    detect = await openDetector(view)
  } catch {
    if (!signal.aborted) onOutcome({ kind: 'broken' })
    return
  }
  const canvas = view.document.createElement('canvas')
  const judge = createJudge(signs)
  while (!signal.aborted) {
    const picture = takePicture(lookout, canvas, view.performance.now())
    const outcome = picture === null ? null : judge(picture, await detect(picture.data))
    if (signal.aborted) return
    if (outcome !== null) onOutcome(outcome)
    if (outcome?.kind === 'found') return
    await new Promise((done) => setTimeout(done, EVERY_MS))
  }
}

function takePicture(lookout: Lookout, canvas: HTMLCanvasElement, at_ms: number): Picture | null {
  const { video } = lookout
  const { videoWidth, videoHeight } = video
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (videoWidth === 0 || context === null) return null
  const share = Math.min(1, LARGEST_PX / Math.max(videoWidth, videoHeight))
  const [width, height] = [Math.round(videoWidth * share), Math.round(videoHeight * share)]
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  context.drawImage(video, 0, 0, width, height)
  const held = lookout.held()
  if (held === null) return null
  return { at_ms, held, lens_deg: lookout.lensDeg(), data: context.getImageData(0, 0, width, height) }
}

interface Sight {
  sign: Sign
  seen: SeenSign
  at_ms: number
}

/** Judges picture after picture: the same sign seen from one place several times is found. */
export function createJudge(signs: readonly Sign[]): (picture: Picture, code: SeenCode | null) => Outcome {
  let sights: Sight[] = []
  return (picture, code) => {
    if (code === null) return { kind: 'nothing' }
    const named = codeOf(code.text)
    const sign = signs.find((one) => one.code === named)
    if (sign === undefined) return { kind: 'refused', why: 'unknown' }
    if (picture.held.speed_deg_s > FASTEST_DEG_S) return { kind: 'refused', why: 'moving' }
    const sight = see(picture, code, sign)
    if (!sight.ok) return { kind: 'refused', why: sight.why }
    const { at_ms } = picture
    sights = [...sights.filter((one) => one.sign === sign && at_ms - one.at_ms < KEPT_MS), { ...sight, sign, at_ms }]
    const pose = poseFromPictures(
      sign,
      sights.map(({ seen }) => seen)
    )
    if (pose !== null) return { kind: 'found', sign, pose, at_ms }
    if (sights.length > PICTURES) sights = sights.slice(1) // they disagree: the oldest may have been the slip
    return { kind: 'seen' }
  }
}

function see({ data, held, lens_deg }: Picture, code: SeenCode, sign: Sign): ReturnType<typeof seeSign> {
  const { width, height } = data
  const measured = measureCorners(greyOf(data), code.corners, code.modules)
  // read but not measured: so small or blurred that its edges cannot be found
  if (measured === null) return { ok: false, why: 'far' }
  return seeSign({ ...measured, width, height, long_deg: lens_deg, turn: held.turn, side_m: sign.side_m })
}

function greyOf({ data, width, height }: ImageData): { width: number; height: number; data: Uint8Array } {
  const grey = new Uint8Array(width * height)
  for (let i = 0; i < grey.length; i++) {
    grey[i] = 0.299 * (data[4 * i] ?? 0) + 0.587 * (data[4 * i + 1] ?? 0) + 0.114 * (data[4 * i + 2] ?? 0)
  }
  return { width, height, data: grey }
}
