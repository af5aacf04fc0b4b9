/** The compass beside a tracked session: where the phone's camera looks, by magnetic north. Nothing of it leaves the phone. */
import { turnOf } from '../window/attitude'
import { lookingDeg } from './alignment'

/** Listen until the returned function is called; phones without a compass are never heard of. */
export function watchCompass(view: Window, onHeading: (magnetic_deg: number, at_ms: number) => void): () => void {
  const hear = ({ alpha, beta, gamma, timeStamp }: DeviceOrientationEvent): void => {
    if (alpha === null || beta === null || gamma === null) return
    const heading_deg = lookingDeg(turnOf({ alpha_deg: alpha, beta_deg: beta, gamma_deg: gamma }))
    if (heading_deg !== null) onHeading(heading_deg, timeStamp)
  }
  view.addEventListener('deviceorientationabsolute', hear as EventListener)
  return () => view.removeEventListener('deviceorientationabsolute', hear as EventListener)
}
