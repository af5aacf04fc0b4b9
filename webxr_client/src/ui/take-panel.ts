/** "Take it with you": says how large that is, shows it coming, and gives the room back. */
import type { Device } from '../device'
import { type Plan, planSite } from '../offline/plan'
import { bytesOf } from '../offline/record'
import type { Taking } from '../offline/take'
import { bytesMissing, findLack, giveBack, readStanding, type Standing, take } from '../offline/taken'
import type { SiteDocument } from '../wire'
import { announce, make, makeButton, need, setText } from './dom'
import { type TakeAct, type TakeState, type TakeView, type TakeWord, viewTake } from './take-state'
import type { Visit } from './visit'
import { saySize, type Words } from './words'

/** What the panel works with. */
interface Desk {
  view: Window
  panel: HTMLElement
  visit: Visit
  device: Device
  words: Words
}

/** Bring the panel alive: it measures, and goes on with what an earlier page had begun. */
export async function setUpTakePanel(desk: Desk): Promise<void> {
  const { visit } = desk
  const site = await firstSite(visit)
  const panel = new TakePanel(desk, site)
  await panel.look()
}

function firstSite(visit: Visit): Promise<SiteDocument> {
  const { site } = visit.state
  if (site !== null) return Promise.resolve(site)
  return new Promise((resolve) => {
    visit.listen((after) => {
      if (after.site !== null) resolve(after.site)
    })
  })
}

class TakePanel {
  private plan: Plan | null = null
  private running: AbortController | null = null
  private layout = ''
  /** Whether the visitor has done something here: what only stands there is not read out. */
  private begun = false

  constructor(
    private readonly desk: Desk,
    private readonly site: SiteDocument
  ) {}

  /** See how things stand, and go on with what was cut off. */
  async look(): Promise<void> {
    const { localStorage } = this.desk.view
    const { taken } = await readStanding(localStorage, this.site.site.id)
    if (taken === null || taken.state === 'stopped') this.show({ kind: 'measuring' })
    const planned = await planSite(this.site, this.desk.device, this.desk.visit.io)
    this.plan = planned.ok ? planned.plan : null
    const goesOn = taken?.state === 'taking' && taken.languages.at(-1) === this.site.language
    if (this.plan !== null && goesOn) await this.take(this.plan)
    else await this.showStanding()
  }

  private async showStanding(): Promise<void> {
    const standing = await readStanding(this.desk.view.localStorage, this.site.site.id)
    this.show(await this.judge(standing))
  }

  private async judge(standing: Standing): Promise<TakeState> {
    const { taken, evicted } = standing
    const sizes = this.sizesOf(standing)
    const here = taken?.languages.includes(this.site.language) ?? false
    if (evicted.length > 0) return { kind: 'evicted', ...sizes }
    if (this.plan === null && !(here && taken?.state === 'taken')) return { kind: 'unknown' }
    if (taken === null || !here) return { kind: 'offer', bytes: sizes.bytes, other_language: taken !== null }
    if (taken.state !== 'taken') return { kind: 'stopped', ...sizes }
    if (sizes.bytes > 0) return { kind: 'new', ...sizes }
    const persisted = (await navigator.storage?.persisted?.().catch(() => false)) ?? false
    return { kind: 'taken', here_bytes: sizes.here_bytes, persisted }
  }

  /** Bytes that are still missing, and those that are here. */
  private sizesOf(standing: Standing): { bytes: number; here_bytes: number } {
    const { taken } = standing
    const bytes = this.plan === null ? 0 : bytesMissing(this.plan, standing.kept)
    return { bytes, here_bytes: taken === null ? 0 : bytesOf(taken) }
  }

  private act(act: TakeAct): void {
    this.begun = true
    if (act === 'take' && this.plan !== null) {
      void navigator.storage?.persist?.().catch(() => false) // within the tap, since some browsers ask the visitor
      void this.take(this.plan)
    }
    if (act === 'measure' || (act === 'take' && this.plan === null)) void this.look()
    if (act === 'stop') this.running?.abort()
    if (act === 'delete') void this.delete()
  }

  private async take(plan: Plan): Promise<void> {
    if (this.running !== null) return
    const { view } = this.desk
    const standing = await readStanding(view.localStorage, plan.site)
    const lack_bytes = await findLack(navigator.storage, plan, standing.kept)
    if (lack_bytes > 0) return this.show({ kind: 'lack', lack_bytes, ...this.sizesOf(standing) })
    this.running = new AbortController()
    const state = { kind: 'taking', loaded_bytes: 0, total_bytes: 0, waiting: false } as TakeState & { kind: 'taking' }
    const update = (change: Partial<typeof state>): void => this.show(Object.assign(state, change))
    const taking = await take(view, plan, {
      signal: this.running.signal,
      onProgress: (loaded_bytes, total_bytes) => update({ loaded_bytes, total_bytes }),
      onLink: (link) => update({ waiting: link === 'waiting' })
    })
    this.running = null
    await this.conclude(taking, plan)
  }

  private async conclude(taking: Taking, plan: Plan): Promise<void> {
    const isDamaged = taking.kind === 'done' && taking.damaged.length + plan.damaged.length > 0
    if (taking.kind === 'cancelled' || (taking.kind === 'done' && !isDamaged)) return this.showStanding()
    const standing = await readStanding(this.desk.view.localStorage, plan.site)
    const kind = taking.kind === 'done' ? 'damaged' : taking.kind === 'full' ? 'full' : 'refused'
    this.show({ kind, ...this.sizesOf(standing) })
  }

  private async delete(): Promise<void> {
    await giveBack(this.desk.view.localStorage, this.site.site.id)
    this.show(this.plan === null ? { kind: 'unknown' } : { kind: 'deleted', bytes: bytesMissing(this.plan, []) })
  }

  private show(state: TakeState): void {
    const { panel, view, visit } = this.desk
    const shown = viewTake(state)
    if (state.kind === 'full' || state.kind === 'lack') visit.trouble(`take_${state.kind}`)
    const layout = JSON.stringify([state.kind, shown.buttons, shown.sentences.map(({ key }) => key)])
    if (layout !== this.layout) {
      this.layout = layout
      const hadFocus = panel.contains(view.document.activeElement)
      panel.dataset['kind'] = state.kind
      this.lay(shown)
      if (hadFocus) panel.querySelector<HTMLElement>('button')?.focus()
      if (this.begun) announce(view.document, this.sayAll(shown))
    }
    const lines = panel.querySelectorAll('.sentence')
    for (const [number, word] of shown.sentences.entries()) setText(lines[number] ?? null, this.say(word))
    const bar = panel.querySelector('progress')
    if (bar !== null && shown.share !== null) bar.value = shown.share
  }

  private lay(shown: TakeView): void {
    const { panel, view } = this.desk
    const page = view.document
    const body = need(panel, '.take-body')
    const bar = shown.share === null ? [] : [make(page, 'progress', { max: 1, value: 0 })]
    for (const one of bar) one.setAttribute('aria-labelledby', 'take-title')
    const lines = shown.sentences.map(() => make(page, 'p', { className: 'sentence' }))
    const buttons = shown.buttons.map(({ act, word }) => makeButton(page, this.say(word), () => this.act(act)))
    const row = buttons.length === 0 ? [] : [make(page, 'div', { className: 'buttons' }, ...buttons)]
    body.replaceChildren(...lines, ...bar, ...row)
  }

  private say({ key, parts }: TakeWord): string {
    const { words, view } = this.desk
    const said = Object.entries(parts).map(([name, bytes]) => [name, saySize(bytes, view.document)])
    return words(key, Object.fromEntries(said) as Record<string, string>)
  }

  private sayAll(shown: TakeView): string {
    return shown.sentences.map((word) => this.say(word)).join(' ')
  }
}
