/** What the estimator says along a trace that a phone saved: node replay.mjs TRACE -> one JSON object a row. */
import { readFileSync } from 'node:fs'
import { estimator, load } from './ours.mjs'

const EVERY_S = 10
const ACTS = ['sighting', 'pose', 'nudge', 'turn', 'undo', 'reset', 'lost']
const { follow, parseTrace, startFrom } = await load('align/trace.ts')

const entries = parseTrace(readFileSync(process.argv[2], 'utf-8'))
let [estimate, begun_ms, at_ms, told_s] = [null, null, 0, Number.NEGATIVE_INFINITY]
for (const entry of entries) {
  estimate = entry.kind === 'begin' ? startFrom(entry) : follow(estimate ?? fail(), entry)
  at_ms = entry.local?.at_ms ?? at_ms
  begun_ms ??= entry.local?.at_ms ?? null
  const at_s = begun_ms === null ? 0 : (at_ms - begun_ms) / 1000
  const acts = ACTS.includes(entry.kind)
  if (!acts && at_s - told_s < EVERY_S) continue
  if (!acts) told_s = at_s
  const { east_m, north_m } = estimator.placeOf(estimate)
  const row = {
    at_s,
    what: entry.kind,
    east_m,
    north_m,
    yaw_deg: (estimator.localFromSite(estimate).yaw_rad * 180) / Math.PI,
    sure_m: estimator.uncertaintyM(estimate),
    sure_deg: estimator.uncertaintyDeg(estimate)
  }
  process.stdout.write(`${JSON.stringify(row)}\n`)
}

function fail() {
  throw new Error('the trace has no beginning: its first line must be of the kind "begin"')
}
