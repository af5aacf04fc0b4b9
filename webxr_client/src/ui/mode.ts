/** What a way of looking beside the turned model has in common: where its buttons are, and how it ends. */
import type { Device } from '../device'
import type { Trace } from '../trace'
import type { SceneView } from './scene-view'
import type { Visit } from './visit'
import type { Words } from './words'

/** What remains to be said once a way of looking is over. */
export interface Ending {
  /** Names the sentence; null when the visitor ended it and nothing needs to be said. */
  problem: string | null
  /** The way through the settings helps. */
  settings?: boolean
  /** One tap goes on; what its button says. */
  again?: 'try_again' | 'window_resume'
}

export interface ModeParts {
  view: Window
  visit: Visit
  device: Device
  words: Words
  scene: SceneView
  /** Keeps what an alignment hears, for whoever asked for a record. */
  trace: Trace | null
  title: string
  /** Where the buttons go. */
  place: HTMLElement
  /** The top line: what is seen, and how sure that is. */
  say: (sentence: string) => void
  onEnd: (ending: Ending) => void
}

/** A way of looking that runs. */
export interface Mode {
  end: () => void
}

export const ENDED: Ending = { problem: null }
