/** Light as the room has it, where the session can tell. */

import { SKY_INTENSITY, SUN_INTENSITY } from '../orbit/daylight'
import { aimSun, type World } from '../orbit/world'
import type { Point3 } from '../wire'

/** Follows the room's light; does nothing in sessions that cannot tell it. */
export interface RoomLight {
  follow: (frame: XRFrame, middle: Point3, radius_m: number) => void
}

/** The parts of the WebXR Lighting Estimation module that are used here; its types are not in @types/webxr. */
interface LightEstimate {
  sphericalHarmonicsCoefficients: Float32Array
  primaryLightDirection: DOMPointReadOnly
  primaryLightIntensity: DOMPointReadOnly
}
type ProbingSession = XRSession & { requestLightProbe?: () => Promise<EventTarget> }
type ProbingFrame = XRFrame & { getLightEstimate?: (probe: EventTarget) => LightEstimate | null }

const BAND_0 = 0.886 // what the first spherical-harmonics coefficient weighs in the light that reaches a surface
const PLAIN: RoomLight = { follow: () => undefined }

/** Ask for the room's light. */
export async function openLight(session: ProbingSession, world: World): Promise<RoomLight> {
  if (session.requestLightProbe === undefined) return PLAIN
  const probe = await session.requestLightProbe().catch(() => null)
  if (probe === null) return PLAIN
  return {
    follow(frame, middle, radius_m) {
      const light = (frame as ProbingFrame).getLightEstimate?.(probe)
      if (light === undefined || light === null) return
      const [red = 0, green = 0, blue = 0] = light.sphericalHarmonicsCoefficients
      world.sky.intensity = SKY_INTENSITY * clamp(((red + green + blue) / 3) * BAND_0)
      const { x, y, z } = light.primaryLightIntensity
      world.sun.intensity = SUN_INTENSITY * clamp(Math.max(x, y, z))
      const from = light.primaryLightDirection
      // light from below would throw the shadow upwards: estimates are rough
      aimSun(world, middle, radius_m, [from.x, Math.max(from.y, 0.3), from.z])
    }
  }
}

/** Never so dark that nothing is seen, never so bright that nothing is left of the colours. */
function clamp(share: number): number {
  return Math.min(1.5, Math.max(0.4, share))
}
