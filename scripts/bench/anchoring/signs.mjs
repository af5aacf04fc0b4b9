/**
 * A QR sign scanned during a visit: its corners as a camera with noise gives them, read by the client's own planar pose.
 * Assumed: a code of 20 cm, 1 m before the phone and up to 30 degrees turned; corners off by 0.7 px of a picture 1280 px long;
 * a lens off by 5 %, gravity by 1 degree in two axes, and by 1.5 degrees where the sign is said to face.
 */
import { makeNormal, makeUniform } from './chance.mjs'
import { estimator, load, placeAt } from './ours.mjs'

const { seeSign } = await load('align/sign.ts')
const { PICTURES, poseFromPictures } = await load('align/sign-pose.ts')
const { poseInFrame } = await load('xr/carried.ts')
const { join } = await load('window/attitude.ts')
const { rotate } = await load('orbit/frame.ts')
const DEG = Math.PI / 180
const [WIDTH, HEIGHT, LONG_DEG, SIDE_M, AWAY_M] = [720, 1280, 62, 0.2, 1]
const NOISE_PX = 0.7
const LENS_SHARE = 0.05
const GRAVITY_DEG = 1
const FACING_DEG = 1.5
const TURNED_DEG = 30
/** Between the scan and AR: how long, how far the phone was moved along an axis, and how far two norths differ. */
const CARRIED_S = 5
const CARRIED_M = 0.2
const CARRIED_DEG = 0.7

const about = (axis, degrees) => [...axis.map((part) => part * Math.sin((degrees / 2) * DEG)), Math.cos((degrees / 2) * DEG)]

/** Four pictures of a sign ahead of a phone that looks level towards a heading of its frame. */
function photograph(heading_deg, facing_deg, normal) {
  const focal_px = (HEIGHT / 2 / Math.tan((LONG_DEG / 2) * DEG)) * (1 + LENS_SHARE * normal())
  const level = about([0, 1, 0], -heading_deg)
  const truly = join(join(level, about([1, 0, 0], GRAVITY_DEG * normal())), about([0, 0, 1], GRAVITY_DEG * normal()))
  const back = [-truly[0], -truly[1], -truly[2], truly[3]]
  const [sin, cos] = [Math.sin(heading_deg * DEG), Math.cos(heading_deg * DEG)]
  const along = [-Math.cos(facing_deg * DEG), 0, -Math.sin(facing_deg * DEG)]
  const ends = [[-1, 1], [1, 1], [1, -1], [-1, -1]].map(([right, up]) => {
    const half = SIDE_M / 2
    const [x, y, z] = rotate(
      [AWAY_M * sin + half * right * along[0], -0.05 + half * up, -AWAY_M * cos + half * right * along[2]],
      back
    )
    return { x: WIDTH / 2 - (focal_px * x) / z, y: HEIGHT / 2 + (focal_px * y) / z }
  })
  return Array.from({ length: PICTURES }, () => ({
    corners: ends.map(({ x, y }) => ({ x: x + NOISE_PX * normal(), y: y + NOISE_PX * normal() })),
    noise_px: NOISE_PX,
    width: WIDTH,
    height: HEIGHT,
    long_deg: LONG_DEG,
    turn: level,
    side_m: SIDE_M
  }))
}

/** Scans once at a time of the visit; `carried`: before AR, which then begins a few seconds later. */
export function makeScanner(visit, { scan_at_s = null, carried = false, mark_m }) {
  const normal = makeNormal(visit.seed * 32452843 + 7)
  const uniform = makeUniform(visit.seed * 49979687 + 9)
  let due_s = scan_at_s
  return (moment, estimate, yaw, local) => {
    if (due_s === null || moment.at_s < due_s) return estimate
    due_s = null
    const heading_deg = (moment.heading - yaw) / DEG
    const turned_deg = TURNED_DEG * (2 * uniform() - 1)
    const survey_m = () => (mark_m / 1.5) * normal()
    const sign = {
      ...placeAt({
        east_m: moment.east_m + AWAY_M * Math.sin(moment.heading) + survey_m(),
        north_m: moment.north_m + AWAY_M * Math.cos(moment.heading) + survey_m()
      }),
      heading_deg: moment.heading / DEG + 180 + turned_deg + FACING_DEG * normal(),
      accuracy_m: mark_m
    }
    const sights = photograph(heading_deg, heading_deg + 180 + turned_deg, normal).map(seeSign)
    const pose = poseFromPictures(sign, sights.flatMap((sight) => (sight.ok ? [sight.seen] : [])))
    if (pose === null) return estimate // refused, as the page would
    return estimator.withPose(estimate, carried ? carry(pose, heading_deg, normal) : pose, local)
  }
}

function carry(pose, heading_deg, normal) {
  const moved = { lat: (CARRIED_M * normal()) / 110_900, lon: (CARRIED_M * normal()) / 93_720 }
  const headingDeg = () => heading_deg + CARRIED_DEG * normal()
  const kept = { pose, at_ms: 0, headingDeg, walkedM: () => 0, stop: () => undefined }
  const told = poseInFrame(kept, { heading_deg, at_ms: CARRIED_S * 1000 })
  return { ...told, lat: told.lat + moved.lat, lon: told.lon + moved.lon }
}
