/**
 * WGS 84 to a local east-north-up frame, in double precision; only small local numbers ever reach the GPU.
 * Constants and conventions are those of asset_pipeline/geopose.py.
 */
import type { GeoPose, Point3 } from '../wire'
import { toRadians } from './distance'

const SEMI_MAJOR_M = 6378137
const FLATTENING = 1 / 298.257223563
const ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING)

/** A point on WGS 84: degrees, and metres above the ellipsoid. */
export interface GeoPoint {
  lat: number
  lon: number
  h: number
}

/** Earth-centred, Earth-fixed coordinates in metres. */
export function geodeticToEcef(place: GeoPoint): Point3 {
  const lat = toRadians(place.lat)
  const lon = toRadians(place.lon)
  const radius = SEMI_MAJOR_M / Math.sqrt(1 - ECCENTRICITY_SQUARED * Math.sin(lat) ** 2)
  const across = (radius + place.h) * Math.cos(lat)
  return [
    across * Math.cos(lon),
    across * Math.sin(lon),
    (radius * (1 - ECCENTRICITY_SQUARED) + place.h) * Math.sin(lat)
  ]
}

/** East, north, up in metres of a place, seen from the tangent plane at the origin. */
export function geodeticToEnu(place: GeoPoint, origin: GeoPoint): Point3 {
  const [px, py, pz] = geodeticToEcef(place)
  const [ox, oy, oz] = geodeticToEcef(origin)
  const [dx, dy, dz] = [px - ox, py - oy, pz - oz]
  const [lat, lon] = [toRadians(origin.lat), toRadians(origin.lon)]
  const outward = Math.cos(lon) * dx + Math.sin(lon) * dy
  return [
    -Math.sin(lon) * dx + Math.cos(lon) * dy,
    -Math.sin(lat) * outward + Math.cos(lat) * dz,
    Math.cos(lat) * outward + Math.sin(lat) * dz
  ]
}

/** The place a few metres east and north of another one, by the curvature of the ellipsoid there. */
export function placeBeside<P extends { lat: number; lon: number }>(place: P, east_m: number, north_m: number): P {
  const lat = toRadians(place.lat)
  const flat = 1 - ECCENTRICITY_SQUARED * Math.sin(lat) ** 2
  const across_m = SEMI_MAJOR_M / Math.sqrt(flat)
  const along_m = (across_m * (1 - ECCENTRICITY_SQUARED)) / flat
  const degrees = (radians: number): number => (radians * 180) / Math.PI
  return {
    ...place,
    lat: place.lat + degrees(north_m / along_m),
    lon: place.lon + degrees(east_m / (across_m * Math.cos(lat)))
  }
}

/** Where a pose stands in a y-up scene (x east, y up, z south) whose middle is the origin, and how it is turned. */
export function poseInScene(pose: GeoPose, origin: GeoPoint): { position: Point3; quaternion: number[] } {
  const [east, north, up] = geodeticToEnu(pose.position, origin)
  const { x, y, z, w } = pose.quaternion
  return { position: [east, up, -north], quaternion: [x, z, -y, w] }
}

/** Compass heading in degrees, 0 <= heading < 360, towards which the -z axis of a posed model points. */
export function headingDeg(pose: GeoPose): number {
  const { x, y, z, w } = pose.quaternion
  const yaw = Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
  return ((((-yaw * 180) / Math.PI) % 360) + 360) % 360
}
