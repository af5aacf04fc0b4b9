/** How wide the phone's camera sees. Browsers do not say, so it is assumed, and a pinch corrects it. Pure. */

/** Along the longer side of a video picture: about what the main cameras of phones give, cropped as video is. */
export const ASSUMED_DEG = 62
const NARROWEST_DEG = 35
const WIDEST_DEG = 100

export interface Size {
  width: number
  height: number
}

/** The upright opening in degrees of what is seen of a picture that fills a view and is cut where it does not fit. */
export function openingDeg(long_deg: number, picture: Size, view: Size): number {
  const focal_px = Math.max(picture.width, picture.height) / 2 / Math.tan((long_deg * Math.PI) / 360)
  const enlarged = Math.max(view.width / picture.width, view.height / picture.height)
  return (2 * Math.atan(view.height / 2 / (focal_px * enlarged)) * 180) / Math.PI
}

/** The opening after the model in the picture was made larger by a factor (fingers spread: above 1). */
export function pinch(long_deg: number, factor: number): number {
  const half = Math.tan((long_deg * Math.PI) / 360) / factor
  return Math.min(WIDEST_DEG, Math.max(NARROWEST_DEG, (2 * Math.atan(half) * 180) / Math.PI))
}

const KEY = 'lens_deg'

/** What this phone's camera was corrected to before. */
export function readLens(storage: Storage): number {
  const kept = Number(storage.getItem(KEY))
  return kept >= NARROWEST_DEG && kept <= WIDEST_DEG ? kept : ASSUMED_DEG
}

export function writeLens(storage: Storage, long_deg: number): void {
  storage.setItem(KEY, long_deg.toFixed(1))
}
