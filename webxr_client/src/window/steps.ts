/** The visitor's steps, from how the phone is shaken; where the sensor is missing nobody is taken to walk. */
import { isStriding, type Stride, standStill, stride } from '../align/window'

/** Hear of every reading until the returned function is called; `headingDeg` is where the phone looks in its own frame. */
export function watchSteps(
  view: Window,
  headingDeg: () => number | null,
  onStride: (stride: Stride) => void
): () => void {
  let walked: Stride | null = null
  const hear = ({ accelerationIncludingGravity, timeStamp }: DeviceMotionEvent): void => {
    const { x, y, z } = accelerationIncludingGravity ?? { x: null, y: null, z: null }
    const heading_deg = headingDeg()
    if (x === null || y === null || z === null || heading_deg === null) return
    walked = stride(walked ?? standStill(timeStamp), Math.hypot(x, y, z), heading_deg, timeStamp)
    onStride(walked)
  }
  view.addEventListener('devicemotion', hear)
  return () => view.removeEventListener('devicemotion', hear)
}

export { isStriding, type Stride }
