/** Remembers over a reload that the page was in a demanding way of looking, so that it can offer a lighter one. */
import type { Rung } from './ladder'

export interface Guard {
  /** A demanding way of looking has begun. */
  begin: (rung: Rung) => void
  /** It has ended as it should. */
  end: () => void
}

const KEY = 'looking'

/**
 * The guard of a page, and the way of looking in which the page before it broke off. A tab that the phone closes for its
 * memory says no goodbye; a page that is left for another one does, and is no break unless it is simply loaded again.
 */
export function setUpGuard(view: Window, storage: Storage): { guard: Guard; broken: Rung | null } {
  const broken = findBroken(storage, navigationType(view))
  storage.removeItem(KEY)
  let leaving = false
  view.addEventListener('pagehide', () => {
    leaving = true
    const rung = storage.getItem(KEY)
    if (rung !== null) storage.setItem(KEY, `${rung.split(' ')[0]} left`)
  })
  view.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) leaving = false
  })
  const guard: Guard = {
    begin: (rung) => storage.setItem(KEY, rung),
    end: () => {
      if (!leaving) storage.removeItem(KEY) // what stops because the page goes has not ended by itself
    }
  }
  return { guard, broken }
}

function findBroken(storage: Storage, navigation: string): Rung | null {
  const [rung, left] = (storage.getItem(KEY) ?? '').split(' ')
  if (rung !== 'ar' && rung !== 'window') return null
  return left === undefined || navigation === 'reload' ? rung : null
}

function navigationType(view: Window): string {
  const [entry] = view.performance.getEntriesByType('navigation')
  return (entry as PerformanceNavigationTiming | undefined)?.type ?? 'navigate'
}
