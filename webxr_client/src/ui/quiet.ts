/** Days on which effects and sounds rest, as a page asks for them. */
import { isQuiet } from '../geo/live'
import type { Visit } from './visit'

/** Whether today is a day on which effects and sounds rest. */
export function isQuietDay(visit: Visit): boolean {
  const site = visit.state.site?.site
  return site !== undefined && isQuiet(site.quiet_days, visit.io.clock.now(), site.time_zone)
}
