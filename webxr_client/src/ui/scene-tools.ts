/** What can be done with a scene besides turning it: go through its eras, ask how sure it is, hear it, take a picture. */
import { isQuiet } from '../geo/live'
import type { Stage } from '../orbit/stage'
import type { Experience, SceneDocument, SceneNode } from '../wire'
import { announce, make, makeButton } from './dom'
import { type Eras, layEras } from './eras'
import { layMedia } from './media'
import { openPanel } from './panel'
import { makePhoto, passOn } from './photo'
import { plain } from './ruby'
import type { Visit } from './visit'
import type { Words } from './words'

export interface ToolPlaces {
  bar: HTMLElement
  panel: HTMLElement
}

/** Whether today is a day on which effects and sounds rest. */
export function isQuietDay(visit: Visit): boolean {
  const site = visit.state.site?.site
  return site !== undefined && isQuiet(site.quiet_days, visit.io.clock.now(), site.time_zone)
}

/** Lay the tools of a scene before the buttons that turn it. */
export function layTools(
  { bar, panel }: ToolPlaces,
  scene: SceneDocument,
  experience: Experience,
  visit: Visit,
  { stage, calm, words }: { stage: Stage; calm: boolean; words: Words }
): void {
  const page = bar.ownerDocument
  const quiet = (): boolean => isQuietDay(visit)
  const tool = (key: string, sign: string, act: (button: HTMLButtonElement) => void): HTMLButtonElement => {
    const button = makeButton(page, sign, () => act(button), 'tool')
    button.setAttribute('aria-label', words(key))
    button.title = words(key)
    button.dataset['tool'] = key
    return button
  }
  const eras =
    scene.eras.length > 1 ? layEras(page, scene, words('eras'), calm || quiet(), (place) => stage.showEra(place)) : null
  const tools = [
    tool('sure', '?', (button) =>
      openPanel(panel, button, words, words('sure'), ...laySure(page, scene.nodes, stage, words))
    ),
    tool('photo', '◉', () => void takePhoto(page, { scene, experience, stage, eras }, words))
  ]
  if (scene.sounds.length > 0) {
    tools.push(
      tool('sounds', '♪', (button) =>
        openPanel(
          panel,
          button,
          words,
          words('sounds'),
          ...scene.sounds.map((sound) => layMedia(page, sound, words, quiet))
        )
      )
    )
  }
  bar.append(...tools)
  if (eras !== null) bar.prepend(eras.element)
}

/** The grade of every model, what it rests on, and the view that shows it. */
function laySure(page: Document, nodes: readonly SceneNode[], stage: Stage, words: Words): Node[] {
  const grades = [...new Set(nodes.map(({ provenance }) => provenance))]
  const lines = grades.map((grade) =>
    make(
      page,
      'p',
      {},
      make(page, 'span', { className: `grade grade-${grade}` }, words(`grade_${grade}`)),
      ` ${words(`sure_${grade}`)}`
    )
  )
  const sources = [...new Set(nodes.flatMap((node) => node.sources))]
  const list = make(page, 'ul', {}, ...sources.map((source) => make(page, 'li', {}, source)))
  const tint = makeButton(page, words('sure_tint'), () => {
    const on = tint.getAttribute('aria-pressed') !== 'true'
    tint.setAttribute('aria-pressed', String(on))
    stage.showGrades(on)
  })
  tint.setAttribute('aria-pressed', 'false')
  stage.showGrades(false)
  return [
    ...lines,
    make(page, 'p', {}, tint),
    ...(sources.length === 0 ? [] : [make(page, 'h3', {}, words('sure_sources')), list])
  ]
}

/** What a picture shows, for the line below it. */
interface Shown {
  scene: SceneDocument
  experience: Experience
  stage: Stage
  eras: Eras | null
}

async function takePhoto(page: Document, { scene, experience, stage, eras }: Shown, words: Words): Promise<void> {
  const view = page.defaultView
  const picture = stage.takePicture()
  if (view === null) return
  if (picture === null) {
    announce(page, words('photo_failed'))
    return
  }
  const grades = new Set(stage.seen().map(({ provenance }) => words(`grade_${provenance}`)))
  const title = plain(experience.title)
  const credit = plain([eras?.now?.label ?? '', ...grades, scene.credit].filter((part) => part !== '').join(' · '))
  const photo = await makePhoto(page, picture, { title, credit })
  if (photo !== null && (await passOn(view, photo, title))) announce(page, words('photo_done'))
}
