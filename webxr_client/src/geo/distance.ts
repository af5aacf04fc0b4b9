/** Distances on the ground; the server's domain/geofence.py computes the same. */

const EARTH_RADIUS_M = 6371008.8 // mean radius, IUGG
export const M_PER_DEG = (EARTH_RADIUS_M * Math.PI) / 180 // of latitude

/** A place on the ground in degrees. */
export interface Place {
  lat: number
  lon: number
}

export function toRadians(angle_deg: number): number {
  return (angle_deg * Math.PI) / 180
}

/** Great-circle distance in metres (haversine on the mean sphere). */
export function distanceM(a: Place, b: Place): number {
  const phiA = toRadians(a.lat)
  const phiB = toRadians(b.lat)
  const halfLat = Math.sin((phiB - phiA) / 2)
  const halfLon = Math.sin(toRadians(b.lon - a.lon) / 2)
  const chord = halfLat * halfLat + Math.cos(phiA) * Math.cos(phiB) * halfLon * halfLon
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(chord)))
}

/** Compass direction in degrees, clockwise from true north, from one place to a near one. */
export function bearingDeg(from: Place, to: Place): number {
  const phiA = toRadians(from.lat)
  const phiB = toRadians(to.lat)
  const turn = toRadians(to.lon - from.lon)
  const east = Math.sin(turn) * Math.cos(phiB)
  const north = Math.cos(phiA) * Math.sin(phiB) - Math.sin(phiA) * Math.cos(phiB) * Math.cos(turn)
  return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360
}
