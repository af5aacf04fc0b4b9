/** At each contact with the server: whether what is kept on the phone must be looked after, which is loaded only then. */
import type { SiteDocument } from '../wire'

const KEY = 'upkeep-'
const PATIENCE_MS = 3000

/** What the last upkeep of a site was done for: publication, day, and version of the page's script. */
export function contactOf(site: SiteDocument, script: string): string {
  return [site.revision, site.compiled_for_on, script].join(' ')
}

/** The contact for which everything was looked after last; null when never. */
export function readContact(storage: Storage, site: string): string | null {
  return storage.getItem(KEY + site)
}

export function saveContact(storage: Storage, site: string, contact: string): void {
  storage.setItem(KEY + site, contact)
}

/** Look after what is kept once the page is at rest, if the server has published since, or something was cut off. */
export function keepUpLater(view: Window, site: SiteDocument): void {
  if (!canTake(view)) return
  const script = view.document.querySelector<HTMLScriptElement>('script[type=module][src]')?.src ?? ''
  const isDone = readContact(view.localStorage, site.site.id) === contactOf(site, script)
  if (isDone && !isCutOff(view.localStorage, site.site.id)) return
  view.setTimeout(() => void import('./upkeep').then(({ keepUp }) => keepUp(view, site, script)), PATIENCE_MS)
}

/** Whether taking the site along was cut off by the end of a page. */
export function isCutOff(storage: Storage, site: string): boolean {
  return storage.getItem(`taken-${site}`)?.includes('"state":"taking"') ?? false
}

/** Whether this browser can keep anything for times without network. */
export function canTake(view: Window): boolean {
  const { serviceWorker } = view.navigator as { serviceWorker?: ServiceWorkerContainer }
  return view.isSecureContext && serviceWorker !== undefined && 'caches' in view && 'subtle' in view.crypto
}

/** Run once when an element comes near the screen. */
export function whenSeen(element: Element, run: () => void): void {
  const watch = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return
      watch.disconnect()
      run()
    },
    { rootMargin: '600px' }
  )
  watch.observe(element)
}
