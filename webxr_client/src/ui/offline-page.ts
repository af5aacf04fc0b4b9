/** The page that stands in for one that is not on the phone: lists what can be opened, and makes way when it can. */
import { readPageAddress } from '../offline/route'
import { namesOf, PAGES } from '../offline/stores'
import type { SiteDocument } from '../wire'
import { make, makeButton, need } from './dom'
import type { Visit } from './visit'
import { languageOf, type Words } from './words'

const KEY = 'offline-reloaded'
const PAUSE_MS = 30_000

/** Bring it alive: what is there as links, "try again", and the page itself as soon as the server answers. */
export function setUpOfflinePage(view: Window, visit: Visit, words: Words): void {
  const page = view.document
  need(page, '#again').replaceChildren(makeButton(page, words('try_again'), () => view.location.reload(), 'primary'))
  const open = (): void => {
    if (!view.location.pathname.endsWith('/offline') && mayReload(view)) view.location.reload()
  }
  view.addEventListener('online', open)
  if (visit.state.site !== null) void listThere(page, visit.state.site, words)
  visit.listen((after, before) => {
    if (after.site !== null && after.site !== before.site) void listThere(page, after.site, words)
    // the server has answered for the site: the page that was wanted can be had
    if (after.site !== null && after.link === 'online' && (after.link !== before.link || before.site === null)) open()
  })
}

/** By itself only now and then: a server that answers for the site but not for this page must not be asked for ever. */
function mayReload(view: Window): boolean {
  const last = Number(view.sessionStorage.getItem(KEY) ?? 0)
  if (Date.now() - last < PAUSE_MS) return false
  view.sessionStorage.setItem(KEY, String(Date.now()))
  return true
}

async function listThere(page: Document, site: SiteDocument, words: Words): Promise<void> {
  const language = languageOf(page)
  const names = await namesOf(PAGES)
  const stores = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
  const kept = new Set(
    stores
      .flat()
      .map(({ url }) => url)
      .filter((url) => readPageAddress(url)?.language === language)
      .map((url) => new URL(url).pathname)
  )
  const home = `/${language}/${site.site.id}/`
  const candidates: [string, string][] = [
    [home, words('there_map', { site: site.site.name })],
    ...site.experiences.map(({ id, title }): [string, string] => [`${home}experiences/${id}`, title]),
    ...site.landmarks.map(({ id, name }): [string, string] => [`${home}landmarks/${id}`, name])
  ]
  const links = candidates
    .filter(([path]) => kept.has(path))
    .map(([href, title]) => make(page, 'li', {}, make(page, 'a', { href }, title)))
  const there = need(page, '#there')
  there.hidden = links.length === 0
  need(there, 'ul').replaceChildren(...links)
}
