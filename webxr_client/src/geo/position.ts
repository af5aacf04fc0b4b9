/** The phone's position as states a page can show; nothing of it ever leaves the phone. */
import type { Fix } from './trigger'

/** Asking: the browser shows its question. Granted without a fix: allowed, still looking for satellites. */
export type PositionState =
  | { kind: 'asking' }
  | { kind: 'granted'; fix: Fix | null }
  | { kind: 'denied' }
  | { kind: 'unavailable' }

const PERMISSION_DENIED = 1
const TIMEOUT = 3
const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 2000, timeout: 20_000 }

/** Follow the position until the returned function is called; `onChange` hears every state and fix. */
export function watchPosition(
  geolocation: Geolocation | undefined,
  onChange: (state: PositionState) => void
): () => void {
  if (geolocation === undefined) {
    onChange({ kind: 'unavailable' })
    return () => undefined
  }
  onChange({ kind: 'asking' })
  let found = false
  const watch = geolocation.watchPosition(
    ({ coords }) => {
      found = true
      onChange({ kind: 'granted', fix: fixOf(coords) })
    },
    (error) => {
      if (error.code === TIMEOUT && found) return // the last fix still stands; the next one is only late
      onChange(stateAfter(error.code))
    },
    OPTIONS
  )
  return () => geolocation.clearWatch(watch)
}

/** A fix; its course is null for who stands, and on phones that never tell one. */
function fixOf({ latitude: lat, longitude: lon, accuracy: accuracy_m, heading, speed }: GeolocationCoordinates): Fix {
  const walked = Number.isFinite(heading) && Number.isFinite(speed)
  return { lat, lon, accuracy_m, ...(walked ? { course_deg: Number(heading), speed_m_s: Number(speed) } : {}) }
}

function stateAfter(code: number): PositionState {
  if (code === PERMISSION_DENIED) return { kind: 'denied' }
  return code === TIMEOUT ? { kind: 'granted', fix: null } : { kind: 'unavailable' }
}

/** Whether the browser would give positions without asking; null where it cannot say (older Safari). */
export async function queryPermission(permissions: Permissions | undefined): Promise<PermissionState | null> {
  try {
    return (await permissions?.query({ name: 'geolocation' }))?.state ?? null
  } catch {
    return null // some browsers know the interface but not this name
  }
}
