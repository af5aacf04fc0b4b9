/** How sure the phone is of where it stands, as the figures have it. Pure. */
import type { Accuracy } from './wire'

const GOOD_M = 10
const FAIR_M = 25

/** The class of a radius in metres; null: nothing is known of it. */
export function classOf(accuracy_m: number | null): Accuracy {
  if (accuracy_m === null || !(accuracy_m <= FAIR_M)) return 'poor'
  return accuracy_m <= GOOD_M ? 'good' : 'fair'
}
