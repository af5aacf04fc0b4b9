/** Pages of visitors: they are complete without this script; it adds the position, the model and the right moment. */
import './visitor.css'
import { type Device, readDevice } from './device'
import { registerWorker } from './offline/register'
import { findOpen, type VisitState } from './state'
import { showArrival } from './ui/arrival'
import { setUpConsent } from './ui/consent-panel'
import { announce, need } from './ui/dom'
import { refreshPage } from './ui/fresh'
import { rememberLanguage, setUpLight } from './ui/light'
import { showPosition } from './ui/position'
import { makeRoom, type SceneView, showScene } from './ui/scene-view'
import { setUpSheet } from './ui/sheet'
import { announceTimes, showTimes } from './ui/times'
import { createPageClock, createVisit, followSite, type Visit } from './ui/visit'
import { createWalk, type Walk } from './ui/walk'
import { readWords, type Words } from './ui/words'

/** The stage of a page: what is open is shown there, in place of the map or picture. */
class StageArea {
  private view: SceneView | null = null
  private shownFor: string | null = null

  constructor(
    private readonly visit: Visit,
    private readonly device: Device,
    private readonly words: Words
  ) {}

  follow(): void {
    const open = findOpen(this.visit.state)
    if ((open?.id ?? null) === this.shownFor) return
    const scene = document.getElementById('scene')
    if (scene === null) return
    this.view?.dispose()
    this.view = null
    this.shownFor = open?.id ?? null
    const map = document.getElementById('map')
    if (map !== null) map.hidden = open !== null
    scene.hidden = open === null
    if (open === null) {
      scene.replaceChildren()
      return
    }
    const room = makeRoom(scene, document.getElementById('picture'), open.cover)
    this.view = showScene(room, open, this.visit, this.device, this.words)
  }
}

/** Bring the newest words when the server has compiled another edition than the one this page was made from. */
async function keepFresh(visit: Visit, words: Words, dress: () => void): Promise<void> {
  const site = visit.state.site
  const edition = need(document, 'main').dataset['edition']
  if (site === null || `${site.revision} ${site.compiled_for_on}` === edition) return
  if (await refreshPage(document, words)) dress()
}

function showAll(visit: Visit, words: Words, walk: Walk, before: VisitState, device: Device): void {
  const { state } = visit
  showTimes(document, state, words)
  showPosition(document, state, words)
  walk.show(document, state)
  if (document.documentElement.dataset['kind'] !== 'experience') showArrival(document, visit, words, before, device)
}

/** Pages about one experience open it themselves; elsewhere the position does. */
function openOwn(visit: Visit): void {
  const own = need(document, 'main').dataset['experience']
  const known = visit.state.site?.experiences.some(({ id }) => id === own)
  if (own !== undefined && known) visit.dispatch({ type: 'experience_opened', experience: own })
}

async function bringAlive(words: Words): Promise<void> {
  const site = need(document, 'main').dataset['site'] ?? ''
  const visit = createVisit(site, document.documentElement.lang, createPageClock(localStorage))
  const walk = createWalk(visit, words, sessionStorage)
  walk.show(document, visit.state)
  const lookAtConsent = setUpConsent(document, localStorage, words, () => visit.consentChanged())
  const device = await readDevice(window)
  const area = new StageArea(visit, device, words)
  const dress = (): void => {
    showAct(device, words)
    showAll(visit, words, walk, visit.state, device)
  }
  showAct(device, words)
  visit.listen((after, before) => {
    announceTimes(document, after, before, words)
    if (after.site !== before.site) {
      openOwn(visit)
      void keepFresh(visit, words, dress)
    }
    if (after.link === 'offline' && before.link === 'online') announce(document, words('offline'))
    showAll(visit, words, walk, before, device)
    if (after.location !== before.location) lookAtConsent()
    area.follow()
  })
  await walk.resume()
  followSite(visit, (problem) => announce(document, words(problem.key)))
}

/** The one thing to do on an experience's page, named for what this device can do. */
function showAct(device: Device, words: Words): void {
  const act = document.getElementById('act')
  if (act === null) return
  const can = !device.webgl2 ? 'words' : device.immersiveAr ? 'ar' : 'orbit'
  const link = need(act, 'a')
  link.textContent = words(can === 'ar' ? 'see_here' : 'see_large')
  link.hidden = can === 'words'
  need(act, '.help').textContent = words(`can_${can}`, { size: act.dataset['size'] ?? '' })
  act.hidden = false
}

setUpLight(document, localStorage)
rememberLanguage(document)
if (document.getElementById('texts') !== null) {
  const words = readWords(document)
  setUpSheet(window, words)
  void bringAlive(words)
  void registerWorker(window)
}
