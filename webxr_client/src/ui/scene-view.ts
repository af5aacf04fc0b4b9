/** A scene on the page: its picture at once, its model when that costs little or was asked for, and the buttons to turn it. */
import { loadScene } from '../api'
import { fileOf } from '../capability'
import type { Device } from '../device'
import { sunAt, towards } from '../geo/sun'
import type { Covered } from '../orbit/layout'
import type { Look, showLook } from '../orbit/look'
import type { createStage, Stage, StageOptions } from '../orbit/stage'
import type { StageState } from '../state'
import type { Experience, Lod, Point3, SceneDocument } from '../wire'
import { make, makeButton, need } from './dom'
import { type Fan, makeFan } from './fan'
import { layTools } from './scene-tools'
import { laySpots, type SpotPlaces, type Spots } from './spots'
import type { Visit } from './visit'
import { saySize, type Words } from './words'

const STEP_DEG = 20
const STEP_ZOOM = 1.25
const LOWEST_SUN_DEG = 22 // below it shadows would reach beyond the ground that is drawn, and a front lie in the dark

/** Where a page has room for a scene. */
export interface ScenePlaces extends SpotPlaces {
  canvas: HTMLElement
  bar: HTMLElement
  /** Picture that stands until the model does; the page may have none. */
  picture: HTMLElement | null
  /** On a page that is nothing but the scene: how much of it words and buttons cover. There all its tools are laid. */
  covered?: () => Covered
  /** What shows the model before the stage is there, on a page that is opened for it. */
  look?: typeof showLook
}

export interface SceneView {
  readonly scene: SceneDocument | null
  readonly stage: Stage | null
  dispose: () => void
}

/** Show an experience's scene. The stage's state goes through the visit, so that everything else can follow it. */
export function showScene(
  places: ScenePlaces,
  experience: Experience,
  visit: Visit,
  device: Device,
  words: Words
): SceneView {
  const view = new LiveScene(places, experience, visit, device, words)
  void view.start()
  return view
}

class LiveScene implements SceneView {
  scene: SceneDocument | null = null
  stage: Stage | null = null
  private spots: Spots | null = null
  private first: Look | null = null
  private over = false
  private readonly leaving = new AbortController()
  private readonly line: HTMLElement
  private readonly word: HTMLElement
  private readonly fan: Fan

  constructor(
    private readonly places: ScenePlaces,
    private readonly experience: Experience,
    private readonly visit: Visit,
    private readonly device: Device,
    private readonly words: Words
  ) {
    const page = places.bar.ownerDocument
    this.fan = makeFan(page)
    this.word = make(page, 'span')
    this.word.setAttribute('role', 'status')
    this.line = make(page, 'p', { className: 'scene-word', hidden: true }, this.fan.element, this.word)
    places.canvas.append(this.line)
  }

  async start(): Promise<void> {
    const { visit, experience } = this
    const loaded = await loadScene(visit.site, experience.scene, visit.language, visit.io)
    if (this.over) return
    if (!loaded.ok) return this.fail(loaded.problem.key)
    this.scene = loaded.value
    if (!isSparing(this.device)) await this.load()
    else if (this.device.webgl2) this.offer()
    else this.fail('stage_no_webgl', false)
  }

  /** Where data is dear, the model waits for a tap that knows its size. */
  private offer(): void {
    this.showPicture(true)
    const bytes = (this.scene?.nodes ?? []).reduce((sum, { lods }) => sum + this.sizeOf(lods.at(-1)), 0)
    const size = saySize(bytes, this.places.bar.ownerDocument)
    const button = this.button('load_model', () => void this.load(), { size })
    button.className = 'wide'
    this.places.bar.replaceChildren(button)
  }

  private sizeOf(lod: Lod | undefined): number {
    return lod === undefined ? 0 : fileOf(lod, this.device).bytes
  }

  private async load(): Promise<void> {
    this.places.bar.replaceChildren()
    this.tell({ kind: 'loading', loaded_bytes: 0, total_bytes: 0 })
    this.say(this.words('loading'), true)
    const scene = this.scene
    if (scene === null) return
    this.stage?.dispose()
    this.stage = null
    await this.look(scene)
    if (this.over) return
    // asked for only now: it starts the graphics card once more, which the first look has waited for already
    if (!this.device.webgl2) return this.fail('stage_no_webgl', false)
    const begin = await loadStage()
    if (this.over) return
    if (begin === null) return this.fail('stage_load_failed')
    this.stage = begin(this.places.canvas, this.options())
    this.spots = laySpots(this.places, scene.hotspots, () => this.stage, this.words, this.visit)
    const shown = await this.stage.show(scene)
    if (this.over) return
    if (!shown.ok) return shown.problem === 'aborted' ? undefined : this.fail(`stage_${shown.problem}`)
    this.say('')
    this.layButtons()
    this.tell({ kind: 'shown', level: shown.level, spots: scene.hotspots.length })
  }

  /** The model still, before three is there; what is in the way of that, the stage says. */
  private async look(scene: SceneDocument): Promise<void> {
    const { device, places } = this
    if (places.look === undefined) return
    const page = places.bar.ownerDocument
    let asked = Boolean(page.defaultView?.navigator.serviceWorker?.controller)
    if (asked) askForStage(page) // what is kept here takes no line
    const look = await places.look(places.canvas, scene, {
      device,
      signal: this.leaving.signal,
      label: this.words('scene_label', { title: this.experience.title }),
      covered: () => places.covered?.() ?? { top_px: 0, bottom_px: 0 },
      sun: this.sunNow(),
      onBytes: (loaded, total) => {
        if (!asked) askForStage(page)
        asked = true
        this.fan.open(Math.min(1, loaded / Math.max(total, 1)))
      }
    })
    this.first = look
    if (this.over) this.endLook()
    else if (look?.drawn) this.showPicture(false)
  }

  private endLook(): void {
    this.first?.remove()
    this.first = null
  }

  private options(): StageOptions {
    return {
      device: this.device,
      label: this.words('scene_label', { title: this.experience.title }),
      onProgress: (loaded_bytes, total_bytes) => {
        this.tell({ kind: 'loading', loaded_bytes, total_bytes })
        this.fan.open(Math.min(1, loaded_bytes / Math.max(total_bytes, 1)))
      },
      ...(this.places.covered === undefined ? {} : { covered: this.places.covered }),
      fetched: () => this.first?.file ?? null,
      sun: () => this.sunNow(),
      onShown: () => this.showPicture(false),
      onFirst: () => this.endLook(),
      onContext: (state) => this.say(state === 'lost' ? this.words('context_lost') : ''),
      onHotspots: (found) => this.spots?.place(found)
    }
  }

  /** Shadows fall to the side those outside fall to, while there are any; at night the model is lit as it shows best. */
  private sunNow(): Point3 | null {
    const place = this.scene?.nodes[0]?.geopose.position
    if (place === undefined) return null
    const sun = sunAt(place, this.visit.io.clock.now())
    if (sun.elevation_deg < 0) return null
    return towards({ ...sun, elevation_deg: Math.max(sun.elevation_deg, LOWEST_SUN_DEG) })
  }

  /** What dragging and pinching do, as buttons. */
  private layButtons(): void {
    const act = (key: string, sign: string, run: (stage: Stage) => void): HTMLButtonElement => {
      const button = this.button(key, () => {
        if (this.stage !== null) run(this.stage)
      })
      button.setAttribute('aria-label', this.words(key))
      button.title = this.words(key)
      button.textContent = sign
      return button
    }
    this.places.bar.replaceChildren(
      act('turn_left', '↶', (stage) => stage.turn(-STEP_DEG, 0)),
      act('turn_right', '↷', (stage) => stage.turn(STEP_DEG, 0)),
      act('closer', '+', (stage) => stage.zoom(1 / STEP_ZOOM)),
      act('farther', '−', (stage) => stage.zoom(STEP_ZOOM)),
      act('reset', '⌂', (stage) => stage.reset())
    )
    const { scene, stage, experience, visit, words } = this
    if (scene === null || stage === null || this.places.covered === undefined) return
    layTools(this.places, scene, experience, visit, { stage, calm: this.device.reducedMotion, words })
    stage.relay()
  }

  private fail(key: string, again = true): void {
    this.endLook()
    this.say(this.words(key))
    this.showPicture(true)
    const button = this.button('try_again', () => void (this.scene === null ? this.start() : this.load()))
    button.className = 'wide'
    this.places.bar.replaceChildren(...(again ? [button] : []))
    this.tell({ kind: 'failed', key })
  }

  private showPicture(shown: boolean): void {
    const { picture } = this.places
    if (picture !== null) picture.hidden = !shown
    const address = picture?.dataset['src']
    if (picture instanceof HTMLImageElement && shown && address !== undefined) picture.src = address
    if (this.stage !== null) this.stage.canvas.hidden = shown
  }

  private button(key: string, run: () => void, parts: Record<string, string> = {}): HTMLButtonElement {
    return makeButton(this.places.bar.ownerDocument, this.words(key, parts), run)
  }

  private say(sentence: string, loading = false): void {
    this.line.hidden = sentence === ''
    this.fan.element.toggleAttribute('hidden', !loading)
    this.word.textContent = sentence
  }

  private tell(stage: StageState): void {
    if (!this.over) this.visit.dispatch({ type: 'stage_changed', stage })
  }

  dispose(): void {
    this.over = true
    this.leaving.abort()
    this.endLook()
    this.spots?.close()
    this.stage?.dispose()
    this.line.remove()
    this.places.bar.replaceChildren()
    this.places.layer.replaceChildren()
    this.showPicture(true)
  }
}

/**
 * The model is on its way: now the stage is asked for too, so that it did not take the line from the model. It is only
 * fetched where the browser can do that; else it begins to run a little early.
 */
function askForStage(page: Document): void {
  const files = need(page, 'main').dataset['stage']?.split(' ') ?? []
  const hints = files.map((href) => make(page, 'link', { rel: 'modulepreload', href }))
  if (hints.every(({ relList }) => relList.supports('modulepreload'))) page.head.append(...hints)
  else void loadStage()
}

/** What makes a stage; null when the line was lost, or a new edition has taken the place of this one's files. */
function loadStage(): Promise<typeof createStage | null> {
  return import('../orbit/stage').then(
    ({ createStage }) => createStage,
    () => null
  )
}

/**
 * Whether the visitor saves data, or the connection is very slow: then no model is loaded unasked. What browsers call 3g
 * is not that slow: it brings a coarse level, which weighs about as much as its picture, within two seconds.
 */
export function isSparing({ saveData, effectiveType }: Device): boolean {
  return saveData || effectiveType === 'slow-2g' || effectiveType === '2g'
}

/** Room for a scene within a container of the page, its parts over each other; `picture` stands there already or is laid in. */
export function makeRoom(container: HTMLElement, picture: HTMLElement | null, cover: string): ScenePlaces {
  const page = container.ownerDocument
  const laid = picture === null && cover !== '' ? make(page, 'img', { className: 'poster', src: cover, alt: '' }) : null
  const canvas = make(page, 'div', { className: 'scene' }, ...(laid === null ? [] : [laid]))
  const layer = make(page, 'div', { className: 'spots' })
  const bar = make(page, 'div', { className: 'scene-bar' })
  const panel = make(page, 'section', { className: 'panel', hidden: true })
  panel.setAttribute('aria-labelledby', 'panel-title')
  container.replaceChildren(canvas, layer, bar, panel)
  return { canvas, layer, bar, panel, picture: picture ?? laid }
}
