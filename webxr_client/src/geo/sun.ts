/**
 * Where the sun stands over a place at a moment, so that shadows fall as the real ones do. Pure.
 * Low-precision solar coordinates of the Astronomical Almanac (within 0.01 degrees from 1950 to 2050).
 */
import { type Place, toRadians } from './distance'

/** Height above the horizon and compass direction, clockwise from true north, both in degrees. */
export interface Sun {
  elevation_deg: number
  azimuth_deg: number
}

const DAY_MS = 86_400_000
const J2000 = Date.UTC(2000, 0, 1, 12)
const TO_DEG = 180 / Math.PI

/** The sun over a place at a moment in ms UTC; without refraction. */
export function sunAt(place: Place, at: number): Sun {
  const days = (at - J2000) / DAY_MS
  const mean_deg = 280.46 + 0.9856474 * days
  const anomaly = toRadians(357.528 + 0.9856003 * days)
  const longitude = toRadians(mean_deg + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly))
  const tilt = toRadians(23.439 - 4e-7 * days)
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(longitude), Math.cos(longitude))
  const declination = Math.asin(Math.sin(tilt) * Math.sin(longitude))
  const sidereal = toRadians(280.46061837 + 360.98564736629 * days + place.lon)
  const hour = sidereal - ascension
  const phi = toRadians(place.lat)
  const up = Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hour)
  const east = -Math.cos(declination) * Math.sin(hour)
  const north = Math.cos(phi) * Math.sin(declination) - Math.sin(phi) * Math.cos(declination) * Math.cos(hour)
  return {
    elevation_deg: Math.asin(Math.min(1, Math.max(-1, up))) * TO_DEG,
    azimuth_deg: (Math.atan2(east, north) * TO_DEG + 360) % 360
  }
}

/** The direction towards the sun in a frame of x east, y up, z south. */
export function towards({ elevation_deg, azimuth_deg }: Sun): [x: number, y: number, z: number] {
  const [height, way] = [toRadians(elevation_deg), toRadians(azimuth_deg)]
  return [Math.cos(height) * Math.sin(way), Math.sin(height), -Math.cos(height) * Math.cos(way)]
}
