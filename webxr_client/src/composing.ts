/** The page on which a scene is composed: its form, and the view in which points are placed by finger, mouse or keys. */
import { draftOf, type Fields } from './compose-draft'
import { field, languagesOf, putPlace, Rows } from './compose-rows'
import { readDevice } from './device'
import { eraAt, firstPlace } from './eras'
import type { ComposingStage, Picked } from './orbit/composing'
import type { HotspotPlace } from './orbit/stage'
import { fill, readData } from './staff'
import { layEras } from './ui/eras'
import type { SceneDocument } from './wire'

type Words = Record<
  | 'label'
  | 'eras'
  | 'loading'
  | 'ready'
  | 'place'
  | 'beside'
  | 'placed'
  | 'moved'
  | 'stopped'
  | 'unsaved'
  | 'untitled'
  | 'many'
  | 'no_webgl'
  | 'load_failed',
  string
>

const MOST_SPOTS = 30
const STILL_PX = 8 // a finger that moves farther turns the view
const STEP_DEG = 20
const STEP_ZOOM = 1.25
const LOOKS: Record<string, (stage: ComposingStage) => void> = {
  left: (stage) => stage.turn(-STEP_DEG, 0),
  right: (stage) => stage.turn(STEP_DEG, 0),
  nearer: (stage) => stage.zoom(1 / STEP_ZOOM),
  farther: (stage) => stage.zoom(STEP_ZOOM),
  reset: (stage) => stage.reset()
}

/** Bring the page alive; without script its form works all the same. */
export function setUpComposing(page: Document, form: HTMLFormElement): void {
  const [words, scene] = [readData<Words>(page, 'compose-words'), readData<SceneDocument>(page, 'compose-scene')]
  if (words !== null && scene !== null) void new Composing(page, form, words, scene).start()
}

class Composing {
  private readonly spots: Rows
  private readonly eras: Rows
  private readonly languages: string[]
  private stage: ComposingStage | null = null
  private calm = false
  private draft: SceneDocument
  private place = 0
  /** The point that the next tap sets: a new one, or the one of a row. */
  private placing: 'new' | HTMLDetailsElement | null = null
  private down: { x: number; y: number } | null = null
  private saved: string

  constructor(
    private readonly page: Document,
    private readonly form: HTMLFormElement,
    private readonly words: Words,
    private readonly scene: SceneDocument
  ) {
    this.spots = new Rows(this.get('spot-rows'), 'spot')
    this.eras = new Rows(this.get('era-rows'), 'era')
    this.languages = languagesOf(page)
    this.draft = this.read()
    for (const row of this.spots.all) this.offerView(row)
    this.saved = form.dataset['unsaved'] === undefined ? this.state() : '' // what came back was saved nowhere
    this.listen()
    this.follow()
  }

  private get<T extends HTMLElement>(id: string): T {
    const element = this.page.getElementById(id)
    if (element === null) throw new Error(`the page has no #${id}`)
    return element as T
  }

  private fields(): Fields {
    const pairs = [...new FormData(this.form)].filter(([, value]) => typeof value === 'string')
    return new Map(pairs as [string, string][])
  }

  private read(): SceneDocument {
    return draftOf(this.fields(), this.scene, this.languages)
  }

  private state(): string {
    return JSON.stringify([...this.fields()])
  }

  async start(): Promise<void> {
    this.get('bench').hidden = false
    this.say(this.words.loading)
    const device = await readDevice(window)
    const begin = await import('./orbit/composing').catch(() => null)
    this.calm = device.reducedMotion
    if (begin === null) return this.fail('load_failed')
    if (!device.webgl2) return this.fail('no_webgl')
    const stage = begin.createComposingStage(this.get('bench-view'), {
      device,
      label: this.words.label,
      onHotspots: (places) => this.layNumbers(places)
    })
    const shown = await stage.show(this.scene)
    if (!shown.ok) return this.fail(shown.problem === 'no_webgl' ? 'no_webgl' : 'load_failed')
    this.stage = stage
    this.listenToView(stage)
    this.get<HTMLButtonElement>('bench-add').disabled = false
    for (const row of this.spots.all) this.offerView(row)
    this.layEras()
    this.say(this.words.ready)
  }

  private fail(problem: 'no_webgl' | 'load_failed'): void {
    this.say(this.words[problem])
    for (const id of ['bench-view', 'bench-buttons']) this.get(id).hidden = true
  }

  private say(sentence: string): void {
    this.get('bench-says').textContent = sentence
  }

  private listen(): void {
    const { form, page } = this
    form.addEventListener('input', () => this.follow())
    form.addEventListener('change', (event) => {
      if (event.target instanceof HTMLSelectElement) showChosen(event.target)
    })
    form.addEventListener('submit', () => {
      this.saved = this.state()
    })
    page.defaultView?.addEventListener('beforeunload', (event) => {
      if (this.state() !== this.saved) event.preventDefault()
    })
    form.addEventListener('click', (event) => this.act(event.target as HTMLElement))
    for (const id of ['spot-typed', 'era-add']) this.get(id).hidden = false
    this.get('spot-typed').addEventListener('click', () => this.open(this.addSpot()))
    this.get('era-add').addEventListener('click', () => {
      const row = this.eras.add(this.words.untitled)
      this.follow()
      field(row, 'year')?.focus()
    })
    page.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.placing !== null) this.stop(this.words.stopped)
    })
  }

  /** A button of a row was pressed. */
  private act(target: HTMLElement): void {
    const act = target.closest<HTMLElement>('[data-act]')?.dataset['act']
    const row = target.closest<HTMLDetailsElement>('[data-row="spot"]')
    if (act === undefined || row === null) return
    if (act === 'earlier') {
      row.previousElementSibling?.before(row)
      target.closest('button')?.focus()
      this.follow()
      return
    }
    this.get('bench').scrollIntoView({ block: 'nearest' })
    if (act === 'move') this.begin(row)
    else this.stage?.lookAt((row.dataset['start'] ?? '').slice(0, -1))
  }

  /** The form has changed: the view shows what it says now. */
  private follow(): void {
    const before = this.draft
    this.draft = this.read()
    for (const rows of [this.spots, this.eras]) rows.name(this.words.untitled, this.languages)
    this.get('unsaved').textContent = this.state() === this.saved ? '' : this.words.unsaved
    if (
      JSON.stringify([before.eras, before.initial_era]) !== JSON.stringify([this.draft.eras, this.draft.initial_era])
    ) {
      const era = eraAt(before.eras, this.place)?.id
      const kept = this.draft.eras.findIndex(({ id }) => id === era)
      this.place = kept < 0 ? firstPlace(this.draft) : kept
      this.layEras()
    } else this.stage?.redress(this.draft, this.place)
  }

  /** The slider that visitors get, with two eras or more. */
  private layEras(): void {
    const at = this.place
    const room = this.get('bench-eras')
    room.replaceChildren()
    const show = (place: number): void => {
      this.place = place
      this.stage?.redress(this.draft, place)
    }
    if (this.draft.eras.length < 2) {
      show(0)
      return
    }
    const laid = layEras(this.page, this.draft, this.words.eras, this.calm, show)
    room.append(laid.element)
    if (at > 0) laid.element.querySelectorAll('button')[Math.round(at)]?.click()
  }

  /** The numbers that visitors see, over the view; one that is hidden by a model is not there. */
  private layNumbers(places: readonly HotspotPlace[]): void {
    const layer = this.get('bench-spots')
    const buttons = places.map(({ id, x_px, y_px, hidden }, index) => {
      const there = layer.querySelector<HTMLButtonElement>(`[data-spot="${id}"]`)
      const button = there ?? this.makeNumber(id)
      button.textContent = String(index + 1)
      button.setAttribute('aria-label', this.draft.hotspots[index]?.title || this.words.untitled)
      button.hidden = hidden && this.page.activeElement !== button
      button.style.transform = `translate(${x_px}px, ${y_px}px)`
      return button
    })
    for (const old of [...layer.children]) if (!buttons.includes(old as HTMLButtonElement)) old.remove()
    for (const button of buttons) if (button.parentElement === null) layer.append(button)
  }

  private makeNumber(id: string): HTMLButtonElement {
    const button = this.page.createElement('button')
    button.type = 'button'
    button.dataset['spot'] = id
    button.addEventListener('click', () => {
      const row = this.spots.find(id)
      if (row !== null) this.open(row)
    })
    return button
  }

  private open(row: HTMLDetailsElement): void {
    row.open = true
    row.scrollIntoView({ block: 'nearest' })
    row.querySelector<HTMLInputElement>('input:not([type="hidden"])')?.focus()
  }

  private addSpot(): HTMLDetailsElement {
    const row = this.spots.add(this.words.untitled)
    this.offerView(row)
    this.follow()
    return row
  }

  /** What needs the view is offered once it is there; the order of the points needs none. */
  private offerView(row: HTMLElement): void {
    for (const button of row.querySelectorAll<HTMLElement>('[data-act]')) {
      button.hidden = this.stage === null && button.dataset['act'] !== 'earlier'
    }
  }

  private listenToView(stage: ComposingStage): void {
    const { canvas } = stage
    this.get('bench-buttons').addEventListener('click', (event) => {
      const look = (event.target as HTMLElement).closest<HTMLElement>('[data-look]')?.dataset['look']
      if (look !== undefined) LOOKS[look]?.(stage)
    })
    this.get('bench-add').addEventListener('click', () => {
      if (this.placing === 'new') this.stop(this.words.stopped)
      else this.begin('new')
      canvas.focus({ preventScroll: true })
    })
    canvas.addEventListener('pointerdown', (event) => {
      this.down = event.isPrimary ? { x: event.clientX, y: event.clientY } : null
    })
    // not when the finger is lifted: the click that follows would take the focus from what is opened then
    canvas.addEventListener('click', (event) => {
      const { down } = this
      this.down = null
      if (this.placing === null || down === null) return
      if (Math.hypot(event.clientX - down.x, event.clientY - down.y) > STILL_PX) return
      const box = canvas.getBoundingClientRect()
      this.set(stage.pick(event.clientX - box.left, event.clientY - box.top))
    })
    canvas.addEventListener('focus', () => this.showCross())
    canvas.addEventListener('blur', () => this.showCross())
    canvas.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      this.placing ??= 'new'
      this.set(stage.pick(canvas.clientWidth / 2, canvas.clientHeight / 2))
    })
  }

  private begin(what: 'new' | HTMLDetailsElement): void {
    if (what === 'new' && this.spots.all.length >= MOST_SPOTS) {
      this.say(this.words.many)
      return
    }
    this.placing = what
    this.say(this.words.place)
    this.showPlacing()
    if (what !== 'new') this.stage?.canvas.focus({ preventScroll: true })
  }

  private stop(sentence: string): void {
    this.placing = null
    this.say(sentence)
    this.showPlacing()
  }

  private showPlacing(): void {
    this.get('bench-add').setAttribute('aria-pressed', String(this.placing === 'new'))
    this.get('bench-view').toggleAttribute('data-placing', this.placing !== null)
    this.showCross()
  }

  /** The cross in the middle is where Enter sets a point: it is there for whoever came by keyboard. */
  private showCross(): void {
    const canvas = this.stage?.canvas
    this.get('bench-cross').hidden = !(canvas?.matches(':focus-visible') ?? false)
  }

  /** A place on a model was shown, or one beside all of them. */
  private set(picked: Picked | null): void {
    const { placing } = this
    if (picked === null || placing === null) {
      this.say(this.words.beside)
      return
    }
    const isNew = placing === 'new'
    const row = isNew ? this.addSpot() : placing
    putPlace(row, picked.node, picked.position)
    this.follow()
    const number = row.querySelector('.badge')?.textContent ?? ''
    this.stop(fill(isNew ? this.words.placed : this.words.moved, { number }))
    if (isNew) this.open(row)
  }
}

/** The picture that is chosen of the library, small, below the list. */
function showChosen(list: HTMLSelectElement): void {
  const picture = list.parentElement?.querySelector<HTMLImageElement>('img.chosen')
  if (picture === null || picture === undefined) return
  picture.hidden = list.selectedOptions[0]?.dataset['picture'] === undefined
  if (!picture.hidden) picture.src = `/studio/media/${list.value}/small`
}
