/** What a visitor has taken along, as the phone remembers it; kept apart from the files, so that their loss is noticed. */

/** Taking: under way, or cut off. Stopped: by the visitor. Taken: all is there, but for what arrived damaged. */
export type TakenState = 'taking' | 'stopped' | 'taken'

export interface Taken {
  state: TakenState
  /** Languages whose texts are there; what is on its way is in the last one. */
  languages: string[]
  /** The newest publication whose texts were fetched, and the page's own script at that time. */
  revision: number
  script: string
  /** What lies on the phone: address to bytes. */
  files: Record<string, number>
}

const KEY = 'taken-'

/** What was taken along of a site; null when nothing was, or somebody edited the record. */
export function readTaken(storage: Storage, site: string): Taken | null {
  const text = storage.getItem(KEY + site)
  if (text === null) return null
  try {
    const { state, languages, revision, script, files } = JSON.parse(text) as Partial<Taken>
    const known = state === 'taking' || state === 'stopped' || state === 'taken'
    if (!known || !Array.isArray(languages) || typeof files !== 'object' || files === null) return null
    return { state, languages, revision: revision ?? 0, script: script ?? '', files }
  } catch {
    return null
  }
}

export function saveTaken(storage: Storage, site: string, taken: Taken | null): void {
  if (taken === null) storage.removeItem(KEY + site)
  else storage.setItem(KEY + site, JSON.stringify(taken))
}

/** How many bytes what was taken along takes up. */
export function bytesOf(taken: Taken): number {
  return Object.values(taken.files).reduce((sum, bytes) => sum + bytes, 0)
}

/** Addresses of the record that lie in no cache any more: the phone has made room for something else. */
export function findEvicted(taken: Taken, kept: readonly string[]): string[] {
  const there = new Set(kept)
  return Object.keys(taken.files).filter((url) => !there.has(url))
}
