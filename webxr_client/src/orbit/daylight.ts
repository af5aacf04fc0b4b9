/** The light of a calm day, as whoever draws a scene needs it. Colours are sRGB, 0xrrggbb; intensities as three has them. */
import type { Point3 } from '../wire'

export const SKY = 0xf3f6f5
/** What the ground throws back. */
export const GROUND = 0xb9b09c
export const SUN = 0xfff4e0
export const SKY_INTENSITY = 2.3
export const SUN_INTENSITY = 2.1
/** Towards the sun where it shows a model best. */
export const SUN_FROM: Point3 = [-0.55, 0.85, 0.5]
