/** What can be done with a scene besides turning it: go through its eras, ask how sure it is, hear it, take a picture. */
import type { Stage } from '../orbit/stage'
import type { Era, Experience, SceneDocument, SceneNode } from '../wire'
import { announce, make, makeButton } from './dom'
import { type Eras, layEras } from './eras'
import { layMedia } from './media'
import { openPanel } from './panel'
import { makePhoto, passOn } from './photo'
import { isQuietDay } from './quiet'
import { plain } from './ruby'
import type { Visit } from './visit'
import type { Words } from './words'

export interface ToolPlaces {
  bar: HTMLElement
  panel: HTMLElement
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
  const tool = (key: string, sign: string, act: (button: HTMLButtonElement) => void): HTMLButtonElement => {
    const button = makeButton(page, sign, () => act(button), 'tool')
    button.setAttribute('aria-label', words(key))
    button.title = words(key)
    button.dataset['tool'] = key
    return button
  }
  const show = (place: number, rested: Era | null): void => {
    stage.showEra(place)
    if (rested !== null) visit.tell({ type: 'era_changed', era: rested.id })
  }
  const eras = scene.eras.length > 1 ? layEras(page, scene, words('eras'), calm || isQuietDay(visit), show) : null
  const tools = [
    tool('sure', '?', (button) =>
      openPanel(panel, button, words, words('sure'), ...laySure(page, scene.nodes, stage, words))
    ),
    tool('photo', '◉', () => void takePhoto(page, { scene, experience, stage, eras, visit }, words))
  ]
  if (scene.sounds.length > 0) {
    tools.push(
      tool('sounds', '♪', (button) =>
        openPanel(
          panel,
          button,
          words,
          words('sounds'),
          ...scene.sounds.map((sound) => layMedia(page, sound, words, visit))
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
  visit: Visit
}

async function takePhoto(
  page: Document,
  { scene, experience, stage, eras, visit }: Shown,
  words: Words
): Promise<void> {
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
  if (photo === null || !(await passOn(view, photo, title))) return
  announce(page, words('photo_done'))
  visit.tell({ type: 'photo_taken' })
}
