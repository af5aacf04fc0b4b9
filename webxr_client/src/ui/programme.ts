/** What is on now and what comes next: the cards of the site's page in the order of time; the server's form is in routes/times.py. */
import { isLive, nextMidnight } from '../geo/live'
import type { VisitState } from '../state'
import type { Experience } from '../wire'

export type Part = 'now' | 'next' | 'rest'

/** The part an experience belongs to at a moment in ms, and the moment it is sorted by: its end while it is on, else its start. */
export function turnOf({ occurrences, quiet_on }: Experience, at: number, zone: string): [Part, number] {
  const coming = occurrences
    .map(([start, end]): [number, number] => [Date.parse(start), Date.parse(end)])
    .filter(([, end_at]) => end_at > at)
  if (isLive(occurrences, quiet_on, at, zone)) return ['now', coming[0]?.[1] ?? at]
  const again_at = nextMidnight(at, zone) // after a quiet day
  const next = coming.find(([start_at, end_at]) => start_at > at || end_at > again_at)
  return next === undefined ? ['rest', at] : ['next', next[0] > at ? next[0] : again_at]
}

/** Bring the cards into the parts and the order of this moment; what has the focus keeps it. */
export function showProgramme(page: Document, { site, at }: VisitState): void {
  const place = page.getElementById('experiences')
  if (site === null || place === null) return
  const cards = [...place.querySelectorAll<HTMLElement>('[data-experience]')]
  const order = site.experiences.map((experience) => experience.id)
  const turns = cards.flatMap((card) => {
    const experience = site.experiences.find(({ id }) => id === card.dataset['experience'])
    if (experience === undefined) return []
    const [part, moment] = turnOf(experience, at, site.site.time_zone)
    return [{ card, part, moment, rank: order.indexOf(experience.id) }]
  })
  turns.sort((a, b) => a.moment - b.moment || a.rank - b.rank)
  for (const section of place.querySelectorAll<HTMLElement>('[data-part]')) {
    const mine = turns.filter(({ part }) => part === section.dataset['part']).map(({ card }) => card)
    fill(section, mine)
  }
}

function fill(section: HTMLElement, cards: readonly HTMLElement[]): void {
  const list = section.querySelector('.cards')
  const none = section.querySelector<HTMLElement>('.none')
  if (none !== null) none.hidden = cards.length > 0
  section.hidden = cards.length === 0 && none === null
  if (list === null || (list.children.length === cards.length && cards.every((card, i) => list.children[i] === card))) {
    return
  }
  const focused = section.ownerDocument.activeElement
  list.append(...cards) // those that stay move too; those that left are taken by their own part
  if (focused instanceof HTMLElement && list.contains(focused)) focused.focus({ preventScroll: true })
}
