/** The 3D view of a scene: three.js in a canvas, turned by finger, mouse or keys, drawn only when something changed. */
import type { Device } from '../device'
import type { SceneDocument } from '../wire'

/** Where a hotspot lies on the view, in CSS pixels from its upper left corner; hidden when turned away or outside. */
export interface HotspotPlace {
  id: string
  x_px: number
  y_px: number
  hidden: boolean
}

export interface StageOptions {
  device: Device
  /** What the view shows, read out by a screen reader. */
  label: string
  onProgress?: (loaded_bytes: number, total_bytes: number) => void
  /** The coarsest level stands there, or (preview false) the picked one. */
  onShown?: (shown: { level: number; preview: boolean }) => void
  /** After every drawn frame in which hotspots moved; the page lays real buttons there. */
  onHotspots?: (places: HotspotPlace[]) => void
  /** The GPU took the context away (`lost`) and gave it back (`restored`); the stage recovers by itself. */
  onContext?: (state: 'lost' | 'restored') => void
}

/** Why a scene could not be shown; the page has a sentence for each, `stage_` and the code. */
export type StageProblem = 'no_webgl' | 'load_failed' | 'withdrawn' | 'aborted'

export type Shown = { ok: true; level: number } | { ok: false; problem: StageProblem }

export interface Stage {
  readonly canvas: HTMLCanvasElement
  /** Load and show a scene, the coarsest level first. A later call abandons an earlier one. */
  show: (scene: SceneDocument) => Promise<Shown>
  /** Show only the nodes of an era (those without eras always); null shows all. */
  setEra: (era: string | null) => void
  /** Turn by degrees (positive: to the right, up) and come nearer (factor < 1) or go away; for buttons. */
  turn: (right_deg: number, up_deg: number) => void
  zoom: (factor: number) => void
  /** Back to the first view. */
  reset: () => void
  /** Turn so that a hotspot faces the viewer. */
  lookAt: (hotspot: string) => void
  dispose: () => void
}

/** A view that fills the container. Throws nothing: without WebGL 2 `show` answers `no_webgl`. */
export declare function createStage(container: HTMLElement, options: StageOptions): Stage
