/** Keeps what the page says about times true, and tells politely what has begun or ended. */
import type { VisitState } from '../state'
import { announce, setText } from './dom'
import { showProgramme } from './programme'
import { sayWhen } from './when'
import type { Words } from './words'

/** Write state and sentence of every experience the page shows. */
export function showTimes(page: Document, state: VisitState, words: Words): void {
  const site = state.site
  if (site === null) return
  for (const line of page.querySelectorAll<HTMLElement>('[data-when]')) {
    const experience = site.experiences.find(({ id }) => id === line.dataset['when'])
    if (experience === undefined) continue
    const when = sayWhen(experience, site, state.at, words)
    line.className = `when when-${when.state}`
    setText(line.querySelector('.state-word'), words(`state_${when.state}`))
    setText(line.querySelector('.when-sentence'), when.sentence)
  }
  showProgramme(page, state)
}

/** Say which experiences began or ended between two states of the same visit. */
export function announceTimes(page: Document, after: VisitState, before: VisitState, words: Words): void {
  if (before.site === null || after.site === null || before.live === after.live) return
  const titleOf = (id: string): string => after.site?.experiences.find((one) => one.id === id)?.title ?? id
  const began = after.live.filter((id) => !before.live.includes(id))
  const ended = before.live.filter((id) => !after.live.includes(id))
  const sentences = [
    ...began.map((id) => words('started', { title: titleOf(id) })),
    ...ended.map((id) => words('ended', { title: titleOf(id) }))
  ]
  if (sentences.length > 0) announce(page, sentences.join(' '))
}
