/** The orbit view of somebody who composes a scene: as visitors have it, and asked what lies under a finger. */
import { sharesAt } from '../eras'
import type { SceneDocument } from '../wire'
import { listenForKeys } from './keys'
import { type Picked, pick, sightThrough } from './picking'
import { OrbitStage, type StageOptions } from './stage'

export type { Picked } from './picking'

/** A view that fills the container, in which points are placed. */
export function createComposingStage(container: HTMLElement, options: StageOptions): ComposingStage {
  const stage = new ComposingStage(container, options)
  listenForKeys(stage)
  return stage
}

export class ComposingStage extends OrbitStage {
  /** The place on a model under a place of the view, in CSS pixels from its upper left corner; null beside all models. */
  pick(x_px: number, y_px: number): Picked | null {
    const { clientWidth, clientHeight } = this.container
    const sight = sightThrough(this.view.camera, (2 * x_px) / clientWidth - 1, 1 - (2 * y_px) / clientHeight)
    const models = [...this.models.placed.values()]
    return pick(
      models.map(({ node, group, fine, shape }) => ({ id: node.id, group, level: fine ?? shape })),
      sight
    )
  }

  /** Show the same models with other points and eras, without loading them again. */
  redress(scene: SceneDocument, place: number): void {
    this.scene = scene
    for (const placed of this.models.placed.values()) {
      placed.node = scene.nodes.find(({ id }) => id === placed.node.id) ?? placed.node
    }
    this.models.showEras(sharesAt(scene.eras, place))
    this.redrawShadow()
  }
}
