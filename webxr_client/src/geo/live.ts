/**
 * Whether an experience is on at a moment, and when that next changes.
 * The server holds the same rule in domain/schedule.py; tests/contract/is_live.json holds both to it.
 */
import type { Occurrence } from '../wire'

const DAY_MS = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit'
  })
  formats.set(zone, made)
  return made
}

/** What a wall clock in the zone shows at a moment (ms UTC), read as if it were UTC, in ms. */
function wallTime(at: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)])
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** The local date (YYYY-MM-DD) of a moment in ms UTC. */
export function localDate(at: number, zone: string): string {
  return new Date(wallTime(at, zone)).toISOString().slice(0, 10)
}

/** The moment in ms UTC at which a local date begins. */
export function startOfDay(date: string, zone: string): number {
  const wanted = Date.parse(`${date}T00:00:00Z`)
  const guess = wanted - (wallTime(wanted, zone) - wanted)
  return guess - (wallTime(guess, zone) - wanted) // a second time, since the zone's offset may differ at the guess
}

/** The moment in ms UTC at which the local day after the one of `at` begins. */
export function nextMidnight(at: number, zone: string): number {
  return startOfDay(dayAfter(localDate(at, zone)), zone)
}

function dayAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10)
}

/** Whether an occurrence contains the moment (ms UTC) and its local day is not a quiet day. */
export function isLive(
  occurrences: readonly Occurrence[],
  quiet_on: readonly string[],
  at: number,
  zone: string
): boolean {
  const inside = occurrences.some(([start_at, end_at]) => Date.parse(start_at) <= at && at < Date.parse(end_at))
  return inside && !quiet_on.includes(localDate(at, zone))
}

/** Whether effects and sounds rest: the local day of a moment (ms UTC) is one of the site's, such as 08-09. */
export function isQuiet(quiet_days: readonly string[], at: number, zone: string): boolean {
  return quiet_days.includes(localDate(at, zone).slice(5))
}

/** The first moment after `at` (ms UTC) at which the answer of `isLive` differs; null when it never does again. */
export function nextChange(
  occurrences: readonly Occurrence[],
  quiet_on: readonly string[],
  at: number,
  zone: string
): number | null {
  const now = isLive(occurrences, quiet_on, at, zone)
  const edges = [
    ...occurrences.flatMap(([start_at, end_at]) => [Date.parse(start_at), Date.parse(end_at)]),
    ...quiet_on.flatMap((date) => [startOfDay(date, zone), startOfDay(dayAfter(date), zone)])
  ]
  const later = edges.filter((edge) => edge > at).sort((a, b) => a - b)
  return later.find((edge) => isLive(occurrences, quiet_on, edge, zone) !== now) ?? null
}
