/** The model of an experience on the tablet: turned by hand, gone through its eras. No camera, no position, no download. */
import { loadSite } from './api'
import { readDevice } from './device'
import { layEras } from './ui/eras'
import { makeRoom, type SceneView, showScene } from './ui/scene-view'
import { createPageClock, createVisit } from './ui/visit'
import { languageOf, type Words } from './ui/words'

/** Show the model in place of its picture; where that fails the picture stays, with a sentence. */
export async function showModel(page: Document, room: HTMLElement, words: Words): Promise<void> {
  const view = page.defaultView
  const main = page.querySelector('main')
  if (view === null || main === null) return
  const device = await readDevice(view)
  if (!device.webgl2) return
  const visit = createVisit(main.dataset['site'] ?? '', languageOf(page), createPageClock(view.localStorage))
  const loaded = await loadSite(visit.site, visit.language, visit.io)
  if (!loaded.ok) return
  visit.dispatch({ type: 'site_loaded', site: loaded.value, at: visit.io.clock.now() })
  const experience = loaded.value.experiences.find(({ id }) => id === main.dataset['experience'])
  if (experience === undefined) return
  visit.dispatch({ type: 'experience_opened', experience: experience.id })
  let scene: SceneView | null = null
  let laid = false
  visit.listen((after) => {
    const { stage } = after
    if (laid || stage.kind !== 'shown' || scene?.stage == null || scene.scene === null) return
    laid = true
    const shown = scene.stage
    if (scene.scene.eras.length < 2) return
    const eras = layEras(page, scene.scene, words('eras'), device.reducedMotion, (place) => shown.showEra(place))
    page.getElementById('eras')?.replaceChildren(eras.element)
  })
  scene = showScene(makeRoom(room, page.querySelector<HTMLElement>('#picture'), ''), experience, visit, device, words)
}
