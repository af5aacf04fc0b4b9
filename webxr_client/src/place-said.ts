/** A place in words, for those who do not see the map. Pure. */
import { type Pose, type Scale, toPlan } from './plan'
import { fill } from './staff'

export interface PlaceWords {
  said: string
  /** Eight of them, from north clockwise. */
  directions: string[]
  east: string
  west: string
  north: string
  south: string
}

/** Where a pose lies from the site's origin, where it faces, and how high it stands above the floor. */
export function sayPlace(pose: Pose, scale: Scale, floor_m: number, words: PlaceWords): string {
  const [east_m, south_m] = toPlan(pose, scale)
  const { directions } = words
  return fill(words.said, {
    east: fill(east_m < 0 ? words.west : words.east, { m: Math.abs(east_m).toFixed(1) }),
    north: fill(south_m > 0 ? words.south : words.north, { m: Math.abs(south_m).toFixed(1) }),
    heading: pose.heading_deg,
    direction: directions[Math.round(pose.heading_deg / 45) % 8] ?? '',
    floor: (pose.h - floor_m).toFixed(2)
  })
}
