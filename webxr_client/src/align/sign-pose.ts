/** What several pictures of a sign say together, and what standing at one says. Pure. */
import { placeBeside } from '../geo/enu'
import type { SignPose } from './estimator'
import type { SeenSign } from './sign'

const DEG = Math.PI / 180
/** Pictures that agree before they are believed: one may be a slip of the reader. */
export const PICTURES = 4
const ALIKE = 0.3 // of the squared error is the same in all pictures: the lens, the print, the sensors
const AGREE_SIGMAS = 4
const AGREE_M = 0.3 // a hand may have moved so far
const HEADING_DEG = 1.5 // how well it is known where a sign faces
const SENSORS_DEG = 1 // the picture and the sensors are not of the same moment
const AXIS_SHARE = 1 / 1.5 // a surveyed point's accuracy is the radius of 68 %, which is 1.5 deviations of one axis
const BEFORE_M = 0.7 // whoever types the code stands about so far before the sign
const STANDING_M = 0.7

/** A sign as the site document has it, as far as a pose needs it. */
export interface PlacedSign {
  lat: number
  lon: number
  heading_deg: number
  accuracy_m: number
}

/** The pose of the phone's frame from pictures taken one after another; null while they are too few or disagree. */
export function poseFromPictures(sign: PlacedSign, pictures: readonly SeenSign[]): SignPose | null {
  const last = pictures.at(-1)
  if (last === undefined || pictures.length < PICTURES || !pictures.every((one) => agree(one, last))) return null
  const mean = meanOf(pictures, last)
  const count = pictures.length
  const share = Math.sqrt((1 + (count - 1) * ALIKE) / count)
  const yaw_deg = sign.heading_deg - mean.facing_deg
  const [sin, cos] = [Math.sin(yaw_deg * DEG), Math.cos(yaw_deg * DEG)]
  const [east_m, north_m] = [-mean.middle[0], mean.middle[2]] // from the sign to the phone, in the phone's frame
  const place = placeBeside(sign, east_m * cos + north_m * sin, north_m * cos - east_m * sin)
  return {
    lat: place.lat,
    lon: place.lon,
    yaw_deg,
    accuracy_m: Math.hypot(share * mean.accuracy_m, sign.accuracy_m * AXIS_SHARE),
    accuracy_deg: Math.hypot(share * mean.accuracy_deg, HEADING_DEG, SENSORS_DEG)
  }
}

/** Where somebody stands who reads the code under a sign: before it. Which way they look is not known. */
export function poseFromCode(sign: PlacedSign): SignPose {
  const heading = sign.heading_deg * DEG
  const { lat, lon } = placeBeside(sign, BEFORE_M * Math.sin(heading), BEFORE_M * Math.cos(heading))
  const accuracy_m = Math.hypot(STANDING_M, sign.accuracy_m * AXIS_SHARE)
  return { lat, lon, yaw_deg: null, accuracy_m, accuracy_deg: 180 }
}

function turnedDeg(from: number, to: number): number {
  return ((((to - from + 180) % 360) + 360) % 360) - 180
}

function agree(one: SeenSign, last: SeenSign): boolean {
  const most_deg = AGREE_SIGMAS * Math.hypot(one.accuracy_deg, last.accuracy_deg)
  const moved_m = Math.hypot(...one.middle.map((value, i) => value - (last.middle[i] ?? 0)))
  return Math.abs(turnedDeg(one.facing_deg, last.facing_deg)) < most_deg && moved_m < AGREE_M
}

function meanOf(pictures: readonly SeenSign[], last: SeenSign): SeenSign {
  const mean = (read: (one: SeenSign) => number): number =>
    pictures.reduce((sum, one) => sum + read(one), 0) / pictures.length
  return {
    middle: [mean((one) => one.middle[0]), mean((one) => one.middle[1]), mean((one) => one.middle[2])],
    facing_deg: last.facing_deg + mean((one) => turnedDeg(last.facing_deg, one.facing_deg)),
    accuracy_m: mean((one) => one.accuracy_m),
    accuracy_deg: mean((one) => one.accuracy_deg)
  }
}
