/** The phone's own sensors: how it is held, and now and then where north is. Nothing of it leaves the phone. */
import { type Angles, pointerDeg, type Turn, turnOf, turnOfView } from './attitude'

/** One heading: a direction as the compass names it (magnetic) and as the frame of the turns has it, both clockwise. */
export interface Heading {
  magnetic_deg: number
  local_deg: number
  at_ms: number
}

export interface Hearing {
  /** The turn of the view; its frame stands upright, and its north is wherever the sensor began. */
  onTurn: (view: Turn, at_ms: number) => void
  onHeading: (heading: Heading) => void
}

/** What iOS adds to the event: the heading, and how far it may be off (negative: the compass is not set). */
interface AppleEvent {
  webkitCompassHeading?: number | null
  webkitCompassAccuracy?: number | null
}

type AskFirst = { requestPermission?: () => Promise<PermissionState> }

const VAGUE_DEG = 45 // a compass that says this of itself says nothing
const FRESH_MS = 400

/** Whether the visitor lets the page know how the phone is held; must be called from a tap. iOS asks once for both kinds. */
export async function requestMotion(view: Window): Promise<'granted' | 'denied'> {
  const { DeviceOrientationEvent: turning, DeviceMotionEvent: moving } = view as unknown as Record<string, AskFirst>
  try {
    const answers = await Promise.all([turning, moving].map((kind) => kind?.requestPermission?.() ?? 'granted'))
    return answers.every((answer) => answer === 'granted') ? 'granted' : 'denied'
  } catch {
    return 'denied' // not asked from a tap, or forbidden for pages within pages: no sensors either way
  }
}

/** Listen until the returned function is called. Angles that are null, as on a desk computer, are not heard of. */
export function watchSensors(view: Window, hearing: Hearing): () => void {
  const leaving = new AbortController()
  let relative: { phone: Turn; at_ms: number } | null = null
  const tellTurn = (phone: Turn, at_ms: number): void => hearing.onTurn(turnOfView(phone, screenDeg(view)), at_ms)
  const onRelative = (event: DeviceOrientationEvent): void => {
    const angles = anglesOf(event)
    if (angles === null) return
    const [phone, at_ms] = [turnOf(angles), event.timeStamp]
    relative = { phone, at_ms }
    tellTurn(phone, at_ms)
    const magnetic_deg = event.absolute ? pointerDeg(phone) : appleHeading(event)
    if (magnetic_deg !== null) hearing.onHeading({ magnetic_deg, local_deg: pointerDeg(phone), at_ms })
  }
  const onAbsolute = (event: DeviceOrientationEvent): void => {
    const angles = anglesOf(event)
    if (angles === null) return
    const [phone, at_ms] = [turnOf(angles), event.timeStamp]
    const own = relative !== null && at_ms - relative.at_ms < FRESH_MS ? relative.phone : null
    if (own === null) tellTurn(phone, at_ms) // the calmer event never comes on this phone
    hearing.onHeading({ magnetic_deg: pointerDeg(phone), local_deg: pointerDeg(own ?? phone), at_ms })
  }
  const { signal } = leaving
  view.addEventListener('deviceorientation', onRelative, { signal })
  view.addEventListener('deviceorientationabsolute', onAbsolute as EventListener, { signal })
  return () => leaving.abort()
}

function anglesOf({ alpha, beta, gamma }: DeviceOrientationEvent): Angles | null {
  if (alpha === null || beta === null || gamma === null) return null
  return { alpha_deg: alpha, beta_deg: beta, gamma_deg: gamma }
}

function appleHeading({
  webkitCompassHeading,
  webkitCompassAccuracy
}: DeviceOrientationEvent & AppleEvent): number | null {
  if (webkitCompassHeading === undefined || webkitCompassHeading === null) return null
  const off_deg = webkitCompassAccuracy ?? 0
  return off_deg < 0 || off_deg > VAGUE_DEG ? null : webkitCompassHeading
}

/** How far the picture is turned on the glass; older iPhones know it only by the window's own name for it. */
function screenDeg(view: Window): number {
  const orientation: ScreenOrientation | undefined = view.screen.orientation
  return orientation?.angle ?? (view as { orientation?: number }).orientation ?? 0
}
