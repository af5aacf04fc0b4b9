/** What is taken along of a site: every file with its size and, where its package states one, its digest. */
import { type Io, loadScene, type Problem } from '../api'
import { fileOf } from '../capability'
import type { Device } from '../device'
import type { SceneDocument, SceneNode, SiteDocument } from '../wire'
import { offlinePath } from './route'
import { digestOf } from './stores'

/** Documents and pages change with each publication, files never. */
export type ItemKind = 'document' | 'page' | 'file'

/** One file to take along: `bytes` are those on the way; without a digest nothing can be held against it. */
export interface Item {
  url: string
  kind: ItemKind
  bytes: number
  sha256: string | null
}

export interface Plan {
  site: string
  language: string
  revision: number
  items: Item[]
  /** Packages whose list of files does not fit their name, twice: nothing of them can be trusted. */
  damaged: string[]
}

export type Planned = { ok: true; plan: Plan } | { ok: false; problem: Problem }

/** What a package's manifest says of its files. */
type FileList = Record<string, { sha256: string; bytes: number }>

interface PackageFiles {
  digest: string
  bytes: number
  files: FileList
}

// what texts weigh on the way, packed, as measured on Dejima's own: nobody knows before they are asked for
const PAGE_BYTES = 13_300
const SITE_BYTES = 7_000
const SCENE_BYTES = 1_500
const CAPTIONS_BYTES = 500
const OF_MEDIA = /^\/media\/([0-9a-f]{64})\// // named by the digest of the file itself
const OF_PACKAGE = /^\/packages\/([0-9a-f]{64})\/([^/]+)$/

/** The plan for a site in the language of its document; asks for every scene and every package's list of files. */
export async function planSite(site: SiteDocument, device: Device, io: Io): Promise<Planned> {
  const scenes: SceneDocument[] = []
  for (const id of new Set(site.experiences.map(({ scene }) => scene))) {
    const loaded = await loadScene(site.site.id, id, site.language, io)
    if (loaded.ok) scenes.push(loaded.value)
    else if (loaded.problem.code !== 'missing' && loaded.problem.code !== 'withdrawn') return loaded
  }
  const lists = new Map<string, FileList>()
  const manifests: Item[] = []
  const damaged: string[] = []
  for (const digest of packagesOf(scenes)) {
    const read = await readFileList(digest, io)
    if (read === 'damaged') damaged.push(digest)
    else if (read !== 'gone') {
      if (!('files' in read)) return { ok: false, problem: read }
      lists.set(digest, read.files)
      manifests.push({ url: manifestUrl(digest), kind: 'file', bytes: read.bytes, sha256: digest })
    }
  }
  const items = [...listTexts(site), ...manifests, ...listFiles(site, scenes, device, lists)]
  return { ok: true, plan: { site: site.site.id, language: site.language, revision: site.revision, items, damaged } }
}

/** The digests of all packages that scenes show, each once. */
export function packagesOf(scenes: readonly SceneDocument[]): string[] {
  return [...new Set(scenes.flatMap(({ nodes }) => nodes.map((node) => node.package)))]
}

/** The documents and pages of a site in its document's language. */
export function listTexts(document: SiteDocument): Item[] {
  const { site, language, landmarks, experiences } = document
  const api = `/api/v1/sites/${encodeURIComponent(site.id)}`
  const query = `?lang=${encodeURIComponent(language)}`
  const home = `/${language}/${site.id}/`
  const scenes = [...new Set(experiences.map(({ scene }) => scene))]
  const asDocument = (url: string, bytes: number): Item => ({ url, kind: 'document', bytes, sha256: null })
  const pages = [
    home,
    ...landmarks.map(({ id }) => `${home}landmarks/${id}`),
    ...experiences.flatMap(({ id }) => [`${home}experiences/${id}`, `${home}xr/${id}`]),
    ...(document.rallies ?? []).map(({ id }) => `${home}rallies/${id}`),
    `${home}help`,
    `${home}privacy`,
    offlinePath({ language, site: site.id })
  ]
  return [
    asDocument(api + query, SITE_BYTES),
    ...scenes.map((id) => asDocument(`${api}/scenes/${encodeURIComponent(id)}${query}`, SCENE_BYTES)),
    ...pages.map((url): Item => ({ url, kind: 'page', bytes: PAGE_BYTES, sha256: null }))
  ]
}

/** Pictures, the coarsest level of every node, and what scenes play and show beside it; each file once. */
export function listFiles(
  site: SiteDocument,
  scenes: readonly SceneDocument[],
  device: Device,
  lists: ReadonlyMap<string, FileList>
): Item[] {
  const found = new Map<string, Item>()
  const add = (url: string, bytes: number): void => {
    const [, digest = '', name = ''] = OF_PACKAGE.exec(url) ?? []
    const listed = lists.get(digest)?.[name]
    if (url === '' || (digest !== '' && listed === undefined)) return // of a package that is damaged or gone
    const sha256 = listed?.sha256 ?? OF_MEDIA.exec(url)?.[1] ?? null
    found.set(url, { url, kind: 'file', bytes: listed?.bytes ?? bytes, sha256 })
  }
  for (const { cover } of site.experiences) add(cover, 0)
  for (const scene of scenes) {
    for (const node of scene.nodes) for (const file of filesOf(node, device)) add(file.url, file.bytes)
    for (const file of mediaOf(scene)) add(file.url, file.bytes)
  }
  return [...found.values()]
}

function filesOf(node: SceneNode, device: Device): { url: string; bytes: number }[] {
  const coarsest = node.lods.at(-1)
  return [{ url: node.poster, bytes: 0 }, ...(coarsest === undefined ? [] : [fileOf(coarsest, device)])]
}

/** Pictures and sounds of a scene with their captions, whose size is not stated. */
function mediaOf(scene: SceneDocument): { url: string; bytes: number }[] {
  const media = [...scene.hotspots.flatMap((spot) => spot.media ?? []), ...scene.sounds]
  return media.flatMap(({ url, bytes, captions }) => [
    { url, bytes },
    ...(captions ? [{ url: captions, bytes: CAPTIONS_BYTES }] : [])
  ])
}

export function manifestUrl(digest: string): string {
  return `/packages/${digest}/manifest.json`
}

/** The list of a package's files, held against the digest that is its name; asked for twice if it does not fit. */
async function readFileList(digest: string, io: Io): Promise<PackageFiles | 'damaged' | 'gone' | Problem> {
  for (const cache of ['default', 'reload'] as const) {
    const answer = await io.fetch(manifestUrl(digest), { cache }).catch(() => null)
    if (answer === null || answer.status >= 500) return offline()
    if (!answer.ok) return 'gone'
    const body = await answer.arrayBuffer().catch(() => null)
    if (body === null) return offline()
    if ((await digestOf(body)) !== digest) continue
    const { files } = JSON.parse(new TextDecoder().decode(body)) as { files: FileList }
    return { digest, bytes: body.byteLength, files }
  }
  return 'damaged'
}

function offline(): Problem {
  return { code: 'offline', key: 'problem_offline', retry_after_s: null }
}
