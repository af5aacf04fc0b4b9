/** Distances in words: metres as coarse as a phone knows them, and minutes on foot. */
import type { Words } from './words'

const HERE_M = 12
const PACE_M_PER_MIN = 80 // the pace Japanese maps reckon with

/** `about 120 m, 2 min on foot`. */
export function sayDistance(away_m: number, words: Words): string {
  if (away_m < HERE_M) return words('distance_here')
  const step_m = away_m < 100 ? 5 : 10
  const metres = Math.round(away_m / step_m) * step_m
  if (metres >= 1500) return words('distance_km', { km: Math.round(away_m / 100) / 10 })
  return words('distance_m', { metres, minutes: Math.max(1, Math.round(away_m / PACE_M_PER_MIN)) })
}
