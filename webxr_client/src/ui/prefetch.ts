/** What the next landmark shows, fetched while the visitor walks up to it, so that it stands there on arrival. */
import { loadScene } from '../api'
import { fileOf } from '../capability'
import type { Device } from '../device'
import type { VisitState } from '../state'
import type { Experience, SceneDocument } from '../wire'
import { awayM } from './position'
import { isSparing } from './scene-view'
import type { Visit } from './visit'

const AHEAD_M = 60 // beyond a landmark's circle: half a minute on foot

/** Fetches each scene at most once; nothing for whoever saves data. */
export function createPrefetch(visit: Visit, device: Device, view: Window): (state: VisitState) => void {
  const fetched = new Set<string>()
  let busy = false
  return (state) => {
    if (busy || isSparing(device)) return
    const next = findNext(state, fetched)
    if (next === null) return
    fetched.add(next.scene)
    busy = true
    void fetchCoarsest(visit, next, device, view).finally(() => {
      busy = false
    })
  }
}

/** The nearest experience that is on, within reach, and not yet open. */
export function findNext(state: VisitState, fetched: ReadonlySet<string>): Experience | null {
  const reach = (landmark: string): number => {
    const enter_m = state.site?.landmarks.find(({ id }) => id === landmark)?.geofence?.enter_m
    return enter_m === undefined ? 0 : enter_m + AHEAD_M
  }
  const near = (state.site?.experiences ?? [])
    .filter(({ id, scene }) => state.live.includes(id) && id !== state.open && !fetched.has(scene))
    .map((experience) => ({ experience, away_m: awayM(state, experience.landmark) ?? Number.POSITIVE_INFINITY }))
    .filter(({ experience, away_m }) => away_m <= reach(experience.landmark))
    .sort((a, b) => a.away_m - b.away_m)
  return near[0]?.experience ?? null
}

/** Its scene and the coarsest level of each model, into the browser's own store; what fails is fetched when it is shown. */
async function fetchCoarsest(visit: Visit, next: Experience, device: Device, view: Window): Promise<void> {
  const loaded = await loadScene(visit.site, next.scene, visit.language, visit.io)
  if (!loaded.ok) return
  for (const url of coarsestOf(loaded.value, device)) {
    const later: RequestInit & { priority: 'low' } = { priority: 'low' }
    await view.fetch(url, later).then(
      (answer) => answer.arrayBuffer(),
      () => null
    )
  }
}

function coarsestOf(scene: SceneDocument, device: Device): string[] {
  return scene.nodes.flatMap(({ lods }) => {
    const lod = lods.at(-1)
    return lod === undefined ? [] : [fileOf(lod, device).url]
  })
}
