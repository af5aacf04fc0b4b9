/**
 * What an estimator hears, as entries: live sessions and replayed traces go the same way through `follow`, so a trace gives
 * back exactly the estimates that the visitor had. Pure; a trace is lines of JSON, and stays on the phone.
 */
import type { GeoPoint } from '../geo/enu'
import type { Aligning } from '../wire'
import {
  afterLoss,
  afterReset,
  type Estimate,
  type Frame,
  type Local,
  type SignPose,
  type SurveyPoint,
  start,
  type TimedFix,
  undo,
  withFix,
  withHeading,
  withLocal,
  withNudge,
  withPose,
  withSighting,
  withTurn
} from './estimator'
import { STEPS, TRACKED } from './motion'

export type Entry =
  | { kind: 'begin'; frame: Frame; near: GeoPoint | null; steps: boolean }
  | { kind: 'local'; local: Local }
  | { kind: 'fix'; fix: TimedFix; local: Local }
  | { kind: 'heading'; magnetic_deg: number; local_deg: number; local: Local }
  | { kind: 'sighting'; point: SurveyPoint; heading_deg: number; local: Local }
  | { kind: 'pose'; pose: SignPose; local: Local }
  | { kind: 'nudge'; east_m: number; north_m: number }
  | { kind: 'turn'; clockwise_deg: number }
  | { kind: 'undo' }
  | { kind: 'reset' }
  | { kind: 'lost'; lost_s: number }

type Heard = Exclude<Entry, { kind: 'begin' }>

/** The estimate after one more entry. */
export function follow(estimate: Estimate, entry: Heard): Estimate {
  switch (entry.kind) {
    case 'local':
      return withLocal(estimate, entry.local)
    case 'fix':
      return withFix(estimate, entry.fix, entry.local)
    case 'heading':
      return withHeading(estimate, entry.magnetic_deg, entry.local_deg, entry.local)
    case 'sighting':
      return withSighting(estimate, entry.point, entry.heading_deg, entry.local)
    case 'pose':
      return withPose(estimate, entry.pose, entry.local)
    case 'nudge':
      return withNudge(estimate, entry.east_m, entry.north_m)
    case 'turn':
      return withTurn(estimate, entry.clockwise_deg)
    case 'undo':
      return undo(estimate)
    case 'reset':
      return afterReset(estimate)
    case 'lost':
      return afterLoss(estimate, entry.lost_s)
  }
}

/** The estimate with which a trace begins. */
export function startFrom({ frame, near, steps }: Extract<Entry, { kind: 'begin' }>): Estimate {
  return start(frame, near, steps ? STEPS : TRACKED)
}

/** Entries as lines of JSON. */
export function dumpTrace(entries: readonly Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}

/** The entries of a trace; throws with the number of the line that is none. */
export function parseTrace(text: string): Entry[] {
  return text
    .split('\n')
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => parseLine(line, number))
}

const KINDS = ['begin', 'local', 'fix', 'heading', 'sighting', 'pose', 'nudge', 'turn', 'undo', 'reset', 'lost']

function parseLine(line: string, number: number): Entry {
  try {
    const entry = JSON.parse(line) as Entry
    if (KINDS.includes(entry.kind)) return entry
  } catch {
    // said below, with the line's number
  }
  throw new SyntaxError(`line ${number} is no entry of a trace`)
}

/** By what an entry brings a model to its place; null for what the phone tells all the time, which brings it there little by little. */
export function bringsBy(entry: Entry): Aligning | null {
  switch (entry.kind) {
    case 'sighting':
      return 'points'
    case 'pose':
      return 'sign'
    case 'nudge':
    case 'turn':
      return 'hand'
    case 'reset':
      return 'floor'
    default:
      return null
  }
}
