/** The sign before AR: the camera for a moment, and what it said kept with the sensors until AR has begun. */
import type { SignPose } from '../align/estimator'
import type { Lookout } from '../scan/look'
import { aheadDeg } from '../window/attitude'
import { closeCamera, makePicture, openCamera } from '../window/camera'
import { readLens } from '../window/lens'
import { watchSensors } from '../window/sensors'
import { type Steady, steady } from '../window/steady'
import { watchSteps } from '../window/steps'
import type { Sign } from '../wire'
import { type Carried, carriedM } from '../xr/carried'
import { make } from './dom'
import { openScanning, type Scanning } from './scanning'
import type { Words } from './words'

export interface SignBeforeParts {
  view: Window
  place: HTMLElement
  overlay: HTMLElement
  signs: readonly Sign[]
  words: Words
  say: (sentence: string) => void
  /** Whether the visitor may be there. */
  mayBeAt: (pose: SignPose) => boolean
  /** It is over: what to carry into AR, and what to say. */
  onClose: (carried: Carried | null, sentence: string | null) => void
}

const FRESH_MS = 200
const PROBLEMS = { denied: 'refused_camera', missing: 'camera_missing', busy: 'camera_busy' }

/** Scan a sign before AR begins; what ends it gives the camera back. */
export async function openSignBefore(parts: SignBeforeParts): Promise<Scanning> {
  const { view, overlay, words, onClose } = parts
  const answer = await openCamera(view.navigator.mediaDevices)
  if (!answer.ok) {
    onClose(null, words(PROBLEMS[answer.problem]))
    return { close: () => undefined }
  }
  const video = makePicture(view.document, answer.stream)
  const room = make(view.document, 'div', { className: 'scanning' }, video)
  overlay.append(room)
  const sensors = followSensors(view)
  let carried: Carried | null = null
  const close = (): void => {
    closeCamera(answer.stream)
    room.remove()
    if (carried === null) sensors.stop()
  }
  const lookout: Lookout = { video, lensDeg: () => readLens(view.localStorage), held: sensors.held }
  const onTake = (pose: SignPose, at_ms: number): boolean => {
    if (parts.mayBeAt(pose)) carried = { pose, at_ms, ...sensors.since() }
    return carried !== null
  }
  const scanning = openScanning({
    ...parts,
    lookout,
    onTake,
    onClose: (sentence) => {
      close()
      onClose(carried, carried === null ? sentence : words('sign_carried', { metres: sayM(carried) }))
    }
  })
  return {
    close: () => {
      scanning.close()
      close()
    }
  }
}

function sayM({ pose }: Carried): number {
  return Math.ceil(10 * carriedM(pose.accuracy_m, 0, 0)) / 10
}

interface Sensors {
  held: () => Steady | null
  /** What happens from now on. */
  since: () => Pick<Carried, 'headingDeg' | 'walkedM' | 'stop'>
  stop: () => void
}

function followSensors(view: Window): Sensors {
  let held: Steady | null = null
  let [east_m, north_m] = [0, 0]
  const stopSteps = watchSteps(
    view,
    () => (held === null ? null : aheadDeg(held.turn)),
    ({ local }) => {
      ;[east_m, north_m] = [local.east_m, local.north_m]
    }
  )
  const stopTurns = watchSensors(view, {
    onTurn: (turn, at_ms) => {
      held = steady(held, turn, at_ms)
    },
    onHeading: () => undefined
  })
  const stop = (): void => {
    stopSteps()
    stopTurns()
  }
  const headingDeg = (at_ms: number): number | null =>
    held === null || Math.abs(at_ms - held.at_ms) > FRESH_MS ? null : aheadDeg(held.turn)
  return {
    held: () => held,
    since() {
      const [from_e, from_n] = [east_m, north_m]
      return { headingDeg, walkedM: () => Math.hypot(east_m - from_e, north_m - from_n), stop }
    },
    stop
  }
}
