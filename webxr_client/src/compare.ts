/** The page on which a scan and its levels stand side by side. */
import type { Object3D } from 'three'
import { fetchBytes, ModelUnavailable } from './orbit/file'
import { type Look, type Mode, readColours, setSteps } from './orbit/heat'
import { disposeModel, loadModel } from './orbit/model'
import { createPair, type Pair, type Side } from './orbit/pair'
import { fill, readData } from './staff'
import type { SceneNode } from './wire'

interface Level {
  file: string
  bytes: number
  name: string
  /** Its distances: of the places of the scan, and round its own vertices. */
  measured: { scan: string; level: string } | null
}

/** What the page carries for this script. */
export interface Compared {
  address: string
  label: string
  bounds: SceneNode['bounds']
  levels: Level[]
  /** The scan, for its owner, where it was kept. */
  reference: { file: string; bytes: number } | null
  colours: [number, number, number][]
  words: { loading: string; failed: string; no_webgl: string; shown: string; no_distances: string }
}

const PICTURES_BYTES = 256 << 20
const TOLD_MS = 200
const STEP_DEG = 15
const STEP_ZOOM = 1.25
const ACTS: Record<string, (pair: Pair) => void> = {
  left: (pair) => pair.turn(-STEP_DEG, 0),
  right: (pair) => pair.turn(STEP_DEG, 0),
  up: (pair) => pair.turn(0, STEP_DEG),
  down: (pair) => pair.turn(0, -STEP_DEG),
  nearer: (pair) => pair.zoom(1 / STEP_ZOOM),
  farther: (pair) => pair.zoom(STEP_ZOOM),
  reset: (pair) => pair.reset()
}

/** Bring the page alive; without script its figures stand there all the same. */
export function setUpComparing(page: Document): void {
  const compared = readData<Compared>(page, 'compared')
  if (compared !== null) new Comparing(page, compared)
}

class Comparing {
  private readonly pair: Pair | null
  private level: number
  private mode: Mode = 'as-is'
  private loading = new AbortController()
  private left: Object3D | null = null
  private saidAt = 0

  constructor(
    private readonly page: Document,
    private readonly compared: Compared
  ) {
    this.level = compared.levels.length - 1
    this.part('#comparing').hidden = false
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    this.pair = createPair(this.part('#pair'), compared.label, compared.bounds, still)
    if (this.pair === null) {
      this.say(compared.words.no_webgl)
      return
    }
    this.listen(this.pair)
    this.mark()
    void this.begin()
  }

  private part<T extends HTMLElement>(selector: string): T {
    const found = this.page.querySelector<T>(selector)
    if (found === null) throw new Error(`the page has no ${selector}`)
    return found
  }

  private listen(pair: Pair): void {
    this.part('#comparing').addEventListener('click', (event) => {
      const { level, mode, act } = (event.target as HTMLElement).closest('button')?.dataset ?? {}
      if (act !== undefined) ACTS[act]?.(pair)
      if (mode !== undefined) this.showMode(mode as Mode)
      if (level !== undefined && Number(level) !== this.level) {
        this.level = Number(level)
        this.mark()
        void this.bringLevel()
      }
    })
  }

  /** Which buttons are pressed, and what their words say. */
  private mark(): void {
    const { level, mode, page } = this
    for (const button of page.querySelectorAll<HTMLElement>('#comparing [data-level]')) {
      button.setAttribute('aria-pressed', String(Number(button.dataset['level']) === level))
    }
    for (const button of page.querySelectorAll<HTMLElement>('#comparing [data-mode]')) {
      button.setAttribute('aria-pressed', String(button.dataset['mode'] === mode))
    }
    this.part('#right-name').textContent = this.compared.levels[level]?.name ?? ''
    this.part('#legend').hidden = mode !== 'heat'
  }

  private say(sentence: string): void {
    this.part('#compare-status').textContent = sentence
  }

  private showMode(mode: Mode): void {
    this.mode = mode
    this.mark()
    this.pair?.show(this.look())
  }

  private look(): Look {
    return { mode: this.mode, colours: readColours(this.compared.colours) }
  }

  /** The level first, which is small; then what it is held against. */
  private async begin(): Promise<void> {
    if (!(await this.bringLevel())) return
    const { reference, levels } = this.compared
    const against = reference ?? levels[0]
    if (against === undefined) return
    const { signal } = new AbortController()
    await this.attempt(async () => {
      this.left = await this.load(against.file, against.bytes, signal)
      await this.measureLeft(signal)
      this.stand('left', this.left)
      this.tellShown()
    })
  }

  private async bringLevel(): Promise<boolean> {
    this.loading.abort()
    const loading = new AbortController()
    this.loading = loading
    const level = this.compared.levels[this.level]
    if (level === undefined) return false
    return await this.attempt(async () => {
      const model = await this.load(level.file, level.bytes, loading.signal)
      const steps = level.measured && (await this.fetch(level.measured.level, loading.signal))
      if (loading.signal.aborted) return disposeModel(model)
      if (steps !== null) setSteps(model, steps)
      this.stand('right', model)
      if (this.left !== null) {
        await this.measureLeft(loading.signal)
        this.pair?.show(this.look())
      }
      this.tellShown()
    })
  }

  /** The scan is coloured by how far the level that is shown is from it. */
  private async measureLeft(signal: AbortSignal): Promise<void> {
    const measured = this.compared.reference && this.compared.levels[this.level]?.measured
    if (measured === null || measured === undefined || this.left === null) return
    const steps = await this.fetch(measured.scan, signal)
    if (!signal.aborted) setSteps(this.left, steps)
  }

  private stand(side: Side, model: Object3D): void {
    this.pair?.put(side, model)
    this.part(`#${side}-name`).hidden = false
  }

  private tellShown(): void {
    const { levels, words } = this.compared
    const level = levels[this.level]
    if (level === undefined) return
    this.say(level.measured === null ? words.no_distances : fill(words.shown, { level: level.name }))
  }

  private async attempt(step: () => Promise<void>): Promise<boolean> {
    try {
      await step()
      return true
    } catch (error) {
      if (!(error instanceof ModelUnavailable)) throw error
      if (error.problem !== 'aborted') this.say(this.compared.words.failed)
      return false
    }
  }

  private async load(file: string, bytes: number, signal: AbortSignal): Promise<Object3D> {
    let loaded = 0
    const onBytes = (more: number): void => {
      loaded += more
      this.tellLoaded(loaded, bytes)
    }
    const purse = { left_bytes: PICTURES_BYTES }
    return await loadModel(this.compared.address + file, { signal, onBytes, purse })
  }

  private async fetch(file: string, signal: AbortSignal): Promise<Uint8Array> {
    return new Uint8Array(await fetchBytes(this.compared.address + file, signal, () => undefined))
  }

  private tellLoaded(loaded: number, all: number): void {
    const now = performance.now()
    if (now - this.saidAt < TOLD_MS) return
    this.saidAt = now
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
    this.say(fill(this.compared.words.loading, { loaded: megabytes(loaded), all: megabytes(all) }))
  }
}
