/** A phone's caches and a server's files, as little of them as taking along needs. */
import { createHash } from 'node:crypto'
import type { Io } from '../../src/api'
import { createClock } from '../../src/clock'
import type { TakeIo } from '../../src/offline/take'
import type { SceneDocument, SceneNode } from '../../src/wire'

export const HOME = 'https://dejima.example'

export function sha256(bytes: string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A cache that holds at most so many bytes. */
export class MemoryCache {
  readonly held = new Map<string, string>()
  constructor(private readonly quota_bytes = Number.POSITIVE_INFINITY) {}

  keys = async (): Promise<{ url: string }[]> => [...this.held.keys()].map((path) => ({ url: HOME + path }))
  delete = async (path: string): Promise<boolean> => this.held.delete(path)
  put = async (path: string, answer: Response): Promise<void> => {
    const body = await answer.text()
    const used = [...this.held.values()].reduce((sum, { length }) => sum + length, 0)
    if (used + body.length > this.quota_bytes) throw new DOMException('no room', 'QuotaExceededError')
    this.held.set(path, body)
  }
}

/** What a server does with one request: its body, a status, or a connection that is cut. */
export type Manner = string | number | 'cut' | Response

/** A server by path; a list is used up answer by answer, its last one stays. Remembers what was asked. */
export class TestFiles {
  readonly asked: string[] = []
  constructor(readonly files: Record<string, Manner | Manner[]>) {}

  fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const path = String(input)
    this.asked.push(path)
    const found = this.files[path] ?? 404
    const manner = Array.isArray(found) ? ((found.length > 1 ? found.shift() : found[0]) ?? 404) : found
    if (init.signal?.aborted || manner === 'cut') throw new TypeError('the connection was cut')
    if (manner instanceof Response) return manner.clone()
    return typeof manner === 'number' ? new Response('', { status: manner }) : new Response(manner)
  }

  get io(): Io {
    return { fetch: this.fetch as typeof fetch, clock: createClock(() => 0, null) }
  }
}

/** A phone that takes from the server into the cache, and does not wait for anything. */
export function phone(server: TestFiles, kept = new MemoryCache(), seen: Record<string, string> = {}): TakeIo {
  return {
    fetch: server.fetch as typeof fetch,
    kept: kept as unknown as Cache,
    findSeen: async (url) => (seen[url] === undefined ? null : new Response(seen[url])),
    untilLink: async () => undefined
  }
}

export function node(values: Partial<SceneNode>): SceneNode {
  return {
    id: 'gate',
    package: '',
    lods: [],
    usdz: null,
    poster: '',
    bounds: { min: [0, 0, 0], max: [1, 1, 1] },
    geopose: { position: { lat: 0, lon: 0, h: 0 }, quaternion: { x: 0, y: 0, z: 0, w: 1 } },
    accuracy_m: 15,
    surveyed: false,
    eras: [],
    provenance: 'estimate',
    sources: [],
    ...values
  }
}

export function scene(nodes: SceneNode[], values: Partial<SceneDocument> = {}): SceneDocument {
  return {
    schema: 'dejima.scene/1',
    id: 'gate',
    landmark: 'gate',
    language: 'en',
    eras: [],
    nodes,
    occluders: [],
    hotspots: [],
    sounds: [],
    credit: '',
    ...values
  }
}
