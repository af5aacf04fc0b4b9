/** A page of words and pictures brought alive: each change of the visit is written into what the server rendered. */
import type { Problem } from '../api'
import { type Device, readDevice } from '../device'
import { topOf } from '../ladder'
import { canTake, isCutOff, whenSeen } from '../offline/contact'
import { findOpen, type VisitState } from '../state'
import { showArrival, showOffer } from './arrival'
import { setUpConsent } from './consent-panel'
import { announce, need } from './dom'
import { refreshPage } from './fresh'
import { createGuide, type Guide } from './guide'
import { sayMoment } from './moment'
import { showPosition } from './position'
import { createPrefetch } from './prefetch'
import { offerReadAloud } from './read-aloud'
import { makeRoom, type SceneView, showScene } from './scene-view'
import { announceTimes, showTimes } from './times'
import { createPageClock, createVisit, followSite, type Visit } from './visit'
import { createWalk, type Walk } from './walk'
import { languageOf, type Words } from './words'

/** Bring a page alive; resolves once it follows the site. */
export async function bringAlive(view: Window, words: Words): Promise<void> {
  const page = view.document
  const site = need(page, 'main').dataset['site'] ?? ''
  const visit = createVisit(site, languageOf(page), createPageClock(view.localStorage))
  const walk = createWalk(visit, words, view.sessionStorage)
  walk.show(page, visit.state) // at once: what follows asks the graphics card, which may take a moment
  const lookAtConsent = setUpConsent(page, view.localStorage, words, () => visit.consentChanged())
  const live = new LivePage(page, visit, words, await readDevice(view), walk)
  visit.listen((after, before) => {
    live.hear(after, before)
    if (after.location !== before.location) lookAtConsent()
  })
  setUpOffline(view, visit, live.device, words)
  if (page.getElementById('card') !== null) setUpCard(view, visit, words)
  await walk.resume()
  followSite(visit, (problem) => live.complain(problem))
}

/** Taking the site along, on its first page; and the page that stands in for one that is not on the phone. */
function setUpOffline(view: Window, visit: Visit, device: Device, words: Words): void {
  const panel = view.document.getElementById('take')
  if (panel !== null && canTake(view)) {
    panel.hidden = false
    const begin = (): void =>
      void import('./take-panel').then((it) => it.setUpTakePanel({ view, panel, visit, device, words }))
    if (isCutOff(view.localStorage, visit.site)) begin()
    else whenSeen(panel, begin)
  }
  if (view.document.documentElement.dataset['kind'] === 'offline') {
    void import('./offline-page').then(({ setUpOfflinePage }) => setUpOfflinePage(view, visit, words))
  }
}

/** The stamp card, on the page of a rally. */
function setUpCard(view: Window, visit: Visit, words: Words): void {
  const say = (moment: number): string =>
    sayMoment(moment, visit.io.clock.now(), visit.state.site?.site.time_zone ?? 'UTC', words)
  void import('../rally/page').then(({ setUpRally }) => setUpRally(view, visit, say))
}

class LivePage {
  private scene: SceneView | null = null
  private sceneOf: string | null = null
  private readonly guide: Guide | null
  private readonly prefetch: (state: VisitState) => void

  constructor(
    private readonly page: Document,
    private readonly visit: Visit,
    private readonly words: Words,
    readonly device: Device,
    private readonly walk: Walk
  ) {
    this.guide = page.defaultView === null ? null : createGuide(page.defaultView, words)
    this.prefetch = createPrefetch(visit, device, window)
    this.dress()
  }

  hear(after: VisitState, before: VisitState): void {
    announceTimes(this.page, after, before, this.words)
    if (after.site !== before.site) {
      this.openOwn()
      void this.keepFresh()
    }
    if (after.link !== before.link) this.showTrouble(after.link === 'offline' ? this.words('offline') : '')
    this.show(before)
    this.showStage()
  }

  /** Something could not be read: what is here stays, and a line says so. */
  complain(problem: Problem): void {
    this.showTrouble(this.words(problem.key))
  }

  private showTrouble(sentence: string): void {
    const line = need(this.page, '#trouble')
    line.hidden = sentence === ''
    line.textContent = sentence
    if (sentence !== '') announce(this.page, sentence)
  }

  private show(before: VisitState): void {
    const { page, visit, words } = this
    showTimes(page, visit.state, words)
    showPosition(page, visit.state, words)
    this.walk.show(page, visit.state)
    this.guide?.show(page, visit.state)
    this.prefetch(visit.state)
    showOffer(page, visit, words)
    if (page.documentElement.dataset['kind'] !== 'experience') showArrival(page, visit, words, before, this.device)
  }

  /** A page about one experience opens it itself; elsewhere the position does. */
  private openOwn(): void {
    const own = need(this.page, 'main').dataset['experience']
    const known = this.visit.state.site?.experiences.some(({ id }) => id === own)
    if (own === undefined || !known) return
    const by = new URLSearchParams(this.page.location.search).has('sign') ? 'code' : 'visitor'
    this.visit.dispatch({ type: 'experience_opened', experience: own, by })
  }

  /** Bring the newest words when the server has compiled another edition than the one this page was made from. */
  private async keepFresh(): Promise<void> {
    const site = this.visit.state.site
    const edition = need(this.page, 'main').dataset['edition']
    if (site === null || `${site.revision} ${site.compiled_for_on}` === edition) return
    if (!(await refreshPage(this.page, this.words))) return
    this.dress()
    this.show(this.visit.state)
  }

  /** What is open is shown on the stage, in place of the map or over the picture. */
  private showStage(): void {
    const open = findOpen(this.visit.state)
    const scene = this.page.getElementById('scene')
    if ((open?.id ?? null) === this.sceneOf || scene === null) return
    this.scene?.dispose()
    this.scene = null
    this.sceneOf = open?.id ?? null
    const map = this.page.getElementById('map')
    if (map !== null) map.hidden = open !== null
    scene.hidden = open === null
    scene.replaceChildren()
    if (open === null) return
    const room = makeRoom(scene, this.page.getElementById('picture'), open.cover)
    this.scene = showScene(room, open, this.visit, this.device, this.words)
  }

  /** What the page offers beyond what the server wrote. */
  private dress(): void {
    this.showAct()
    if (this.page.defaultView !== null) offerReadAloud(this.page.defaultView, this.words)
  }

  /** The one thing to do on an experience's page, named for what this device can do. */
  private showAct(): void {
    const act = this.page.getElementById('act')
    if (act === null) return
    const top = topOf(this.device)
    const can = top === 'window' ? 'ar' : top // in both the model stands before the visitor
    const link = need(act, 'a')
    link.textContent = this.words(can === 'ar' ? 'see_here' : 'see_large')
    link.hidden = can === 'words'
    need(act, '.help').textContent = this.words(`can_${can}`, { size: act.dataset['size'] ?? '' })
    act.hidden = false
  }
}
