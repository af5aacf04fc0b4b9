/** The caches of the visitor pages by name, and where an address lies. Shared by the pages and the service worker. */

/** Pages and documents that were seen, and files of packages that were shown: the oldest give way. */
export const PAGES = 'pages'
export const PACKAGES = 'packages'
const TAKEN = 'taken-'
/** Every page of an entrance tablet, which keeps them itself. */
export const TABLET = 'tablet'
/** Kept copies differ from what is asked for only by encoding, which the cache has undone. */
export const ANYHOW = { ignoreVary: true } as const

/** The cache of what a visitor has taken along of a site; nothing gives way there. */
export function takenName(site: string): string {
  return TAKEN + site
}

/** Whether a cache holds what was taken along of some site. */
export function isTaken(name: string): boolean {
  return name.startsWith(TAKEN)
}

/** Caches that may hold pages or packages, what was taken along first. */
export async function namesOf(seen: typeof PAGES | typeof PACKAGES): Promise<string[]> {
  const names = await caches.keys()
  return [...names.filter(isTaken), ...names.filter((name) => name === seen || (name === TABLET && seen === PAGES))]
}

/** A kept answer and the cache it lies in; null when there is none. */
export async function findIn(
  names: readonly string[],
  url: string
): Promise<{ name: string; answer: Response } | null> {
  for (const name of names) {
    const answer = await (await caches.open(name)).match(url, ANYHOW)
    if (answer !== undefined) return { name, answer }
  }
  return null
}

/** The SHA-256 of bytes as 64 hex digits. */
export async function digestOf(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
