/** The models of a scene as they stand: the coarsest of each at once, then the level that suits how large it is seen. */
import { Group, type Object3D } from 'three'
import { fileOf, pickLevel, pictureBudget } from '../capability'
import type { Device } from '../device'
import { type EraShares, shareOf } from '../eras'
import type { Point3, SceneDocument, SceneNode } from '../wire'
import { chooseLevels } from './detail'
import { dissolve } from './dissolve'
import { type Fetched, ModelUnavailable } from './file'
import { boxOf, cornersOf, type Extent } from './frame'
import type { Standing } from './hotspots'
import { extentOfAll, placingsOf } from './layout'
import { disposeModel, loadModel } from './model'
import type { Purse } from './pictures'
import { tint } from './tint'

/** A node where it stands. The shape tells which hotspots are hidden, also after a finer level took its place. */
export interface Placed extends Standing {
  node: SceneNode
  group: Group
  fine: Object3D | null
  level: number | null
  pictures_bytes: number
}

export interface ModelsOptions {
  device: Device
  /** How large a node is seen now, in device pixels. */
  sizeOf: (placed: Placed) => number
  onBytes: (loaded_bytes: number, total_bytes: number) => void
  /** A file that is here already. */
  fetched: () => Fetched | null
  /** A level took its place. */
  onStand: () => void
}

/** All that stands, in the frame of the first node; the foot of the box is that node's, which is the ground of them all. */
export interface Lent {
  model: Group
  box: SceneNode['bounds']
  /** Where today's ground lies, in the box's own height: at its lowest point, or higher where a part of it is below. */
  ground_y: number
}

/** What stands after loading; not complete: a coarse level, since the chosen one could not be had. */
export type Standings =
  | { ok: true; level: number; complete: boolean }
  | { ok: false; problem: ModelUnavailable['problem'] }

/** What may keep a finer level away from a model that stands there already, coarse. */
const STAYS: readonly ModelUnavailable['problem'][] = ['load_failed', 'broken']

export class Models {
  readonly placed = new Map<string, Placed>()
  private shares: EraShares | null = null
  private tinted = false
  private loading = new AbortController()
  private busy = false

  constructor(
    private readonly root: Object3D,
    private readonly options: ModelsOptions
  ) {}

  /** Stand a group for every node at its pose, before a byte is loaded; gives the extent, null without nodes. */
  place(scene: SceneDocument): Extent | null {
    this.clear()
    this.loading = new AbortController()
    const placings = placingsOf(scene)
    for (const { node, position, quaternion } of placings) {
      const group = new Group()
      group.position.set(...position)
      group.quaternion.fromArray(quaternion)
      this.root.add(group)
      this.placed.set(node.id, { node, group, shape: null, fine: null, level: null, pictures_bytes: 0 })
    }
    return extentOfAll(placings)
  }

  /** Load the coarsest level of every node, those that are seen first, and then what suits each. */
  async load(onPreview: (level: number) => void): Promise<Standings> {
    const all = [...this.placed.values()].sort((a, b) => Number(b.group.visible) - Number(a.group.visible))
    const { signal } = this.loading
    let [loaded, total] = [0, all.reduce((sum, each) => sum + this.bytesOf(each, coarsestOf(each)), 0)]
    const onBytes = (bytes: number): void => {
      loaded += bytes
      this.options.onBytes(loaded, total)
    }
    const wanted = this.choose(all)
    all.forEach((each, i) => {
      total += wanted[i] === coarsestOf(each) ? 0 : this.bytesOf(each, wanted[i] ?? 0)
    })
    this.busy = true
    try {
      for (const each of all) await this.bring(each, coarsestOf(each), signal, onBytes)
      const first = all[0]
      if (first?.level !== null && first !== undefined && wanted.some((level, i) => level !== all[i]?.level))
        onPreview(first.level)
      for (const [i, each] of all.entries()) await this.bring(each, wanted[i] ?? 0, signal, onBytes)
      return { ok: true, level: first?.level ?? 0, complete: true }
    } catch (error) {
      if (!(error instanceof ModelUnavailable)) throw error
      const level = all[0]?.level ?? null
      const coarse = level !== null && STAYS.includes(error.problem)
      return coarse ? { ok: true, level, complete: false } : { ok: false, problem: error.problem }
    } finally {
      if (this.loading.signal === signal) this.busy = false // or else a later scene is being loaded already
    }
  }

  /** Exchange levels for what suits the view now, one after another. What cannot be had stays as it is. */
  async refine(): Promise<void> {
    if (this.busy || !this.stands()) return
    this.busy = true
    const { signal } = this.loading
    try {
      const all = [...this.placed.values()]
      const wanted = this.choose(all)
      for (const [i, each] of all.entries()) await this.bring(each, wanted[i] ?? 0, signal, () => undefined)
    } catch (error) {
      if (!(error instanceof ModelUnavailable)) throw error
    } finally {
      if (this.loading.signal === signal) this.busy = false
    }
  }

  /** Show eras by their shares; null shows all nodes. */
  showEras(shares: EraShares | null): void {
    this.shares = shares
    for (const each of this.placed.values()) this.dress(each)
  }

  /** Show every node in the colour of how sure it is, or in its own. */
  showGrades(on: boolean): void {
    this.tinted = on
    for (const each of this.placed.values()) this.dress(each)
  }

  /** The nodes of which something is seen. */
  seen(): SceneNode[] {
    return [...this.placed.values()].filter(({ group }) => group.visible).map(({ node }) => node)
  }

  /**
   * Everything that stands, hung into a group in the frame of the first node: that one stands at its origin, unturned.
   * Null before any stands. It lives on there, with its eras and levels, until `takeBack`.
   */
  lend(): Lent | null {
    const [first] = this.placed.values()
    if (first === undefined || !this.stands()) return null
    const model = new Group()
    model.quaternion.copy(first.group.quaternion).invert()
    const corners: Point3[] = []
    for (const { node, group } of this.placed.values()) {
      model.add(group)
      for (const corner of cornersOf(node.bounds)) {
        const at = group.position.clone().set(...corner)
        at.applyQuaternion(group.quaternion).add(group.position).applyQuaternion(model.quaternion)
        corners.push(at.toArray())
      }
    }
    const box = boxOf(corners)
    box.min[1] = first.node.bounds.min[1]
    return { model, box, ground_y: first.node.ground_y ?? box.min[1] }
  }

  takeBack(): void {
    for (const { group } of this.placed.values()) this.root.add(group)
  }

  stands(): boolean {
    return [...this.placed.values()].some(({ shape }) => shape !== null)
  }

  clear(): void {
    this.loading.abort()
    for (const { group, fine, shape } of this.placed.values()) {
      for (const model of new Set([fine, shape])) if (model !== null) disposeModel(model)
      group.removeFromParent()
    }
    this.placed.clear()
  }

  private choose(all: readonly Placed[]): number[] {
    const { device, sizeOf } = this.options
    return chooseLevels(
      all.map((each) => ({
        lods: each.node.lods,
        finest: pickLevel(each.node.lods, device),
        standing: each.level,
        size_px: each.group.visible ? sizeOf(each) : 0
      }))
    )
  }

  private async bring(
    placed: Placed,
    level: number,
    signal: AbortSignal,
    onBytes: (bytes: number) => void
  ): Promise<void> {
    const lod = placed.node.lods[level]
    if (placed.level === level || lod === undefined) return
    const purse = this.purseFor(placed)
    const before_bytes = purse.left_bytes
    const fetched = this.options.fetched()
    const model = await loadModel(fileOf(lod, this.options.device).url, { signal, onBytes, purse, fetched })
    placed.pictures_bytes = before_bytes - purse.left_bytes
    this.stand(placed, model, level)
  }

  /** What is left for the pictures of a node beside those of the others; its own make room. */
  private purseFor(placed: Placed): Purse {
    const others = [...this.placed.values()].filter((each) => each !== placed)
    const taken = others.reduce((sum, { pictures_bytes }) => sum + pictures_bytes, 0)
    return { left_bytes: Math.max(0, pictureBudget(this.options.device) - taken) }
  }

  private stand(placed: Placed, model: Object3D, level: number): void {
    if (placed.fine !== null) {
      placed.group.remove(placed.fine)
      disposeModel(placed.fine)
    }
    if (placed.shape === null) {
      placed.shape = model
    } else {
      placed.fine = model
      placed.shape.visible = false
      disposeModel(placed.shape)
    }
    placed.level = level
    placed.group.add(model)
    this.dress(placed)
    this.options.onStand()
  }

  private dress(placed: Placed): void {
    const share = shareOf(placed.node, this.shares)
    placed.group.visible = share > 0
    const model = placed.fine ?? placed.shape
    if (model === null) return
    if (share > 0) dissolve(model, share)
    tint(model, this.tinted ? placed.node.provenance : null)
  }

  private bytesOf({ node }: Placed, level: number): number {
    const lod = node.lods[level]
    return lod === undefined ? 0 : fileOf(lod, this.options.device).bytes
  }
}

function coarsestOf({ node }: Placed): number {
  return node.lods.length - 1
}
