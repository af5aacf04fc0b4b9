/** Moments and local dates in a page's words; the server's forms are in routes/wording.py. */
import { localDate } from '../geo/live'
import type { Words } from './words'

/** A moment in the site's time: of the same local day only the hour, else `7 October (Wed) 18:00`. */
export function sayMoment(moment: number, at: number, zone: string, words: Words): string {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, hourCycle: 'h23', hour: '2-digit', minute: '2-digit' })
  const time = format.format(moment)
  const on = localDate(moment, zone)
  return on === localDate(at, zone) ? time : words('moment', { date: sayDate(on, words), time })
}

/** A local date such as 2026-10-07 in the page's words, without its year. */
export function sayDate(on: string, words: Words): string {
  const day = new Date(`${on}T00:00:00Z`)
  const named = (kind: string, index: number): string => words(kind).split(' ')[index] ?? ''
  return words('date', {
    month: named('months', day.getUTCMonth()),
    day: named('days', day.getUTCDate() - 1),
    weekday: named('weekdays', (day.getUTCDay() + 6) % 7) // the week of the texts begins on Monday
  })
}
