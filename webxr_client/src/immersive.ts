/** The page that is nothing but a scene: turned on the screen, or standing before the visitor where the phone can do that. */
import './visitor.css'
import './ways.css'
import { type Device, readDevice } from './device'
import type { Rung } from './ladder'
import { whenCalmAfter } from './later'
import { registerWorker } from './offline/register'
import { showLook } from './orbit/look'
import { type Guard, setUpGuard } from './reload-guard'
import { findOpen } from './state'
import { openTrace } from './trace'
import { ArControls } from './ui/ar'
import { need } from './ui/dom'
import { setUpLanguages } from './ui/languages'
import { setUpLight } from './ui/light'
import { layRecording } from './ui/recording'
import { keepRuby } from './ui/ruby'
import { type ScenePlaces, showScene } from './ui/scene-view'
import { createPageClock, createVisit, followSite, type Visit } from './ui/visit'
import { createWarning, edgeNear } from './ui/warning'
import { Ways } from './ui/ways'
import { languageOf, readWords, type Words } from './ui/words'

function placesOf(page: Document): ScenePlaces {
  return {
    canvas: need(page, '#scene'),
    layer: need(page, '#spots'),
    bar: need(page, '#bar'),
    panel: need(page, '#panel'),
    picture: page.getElementById('picture'),
    look: showLook,
    covered: () => ({
      top_px: need(page, '.overlay-top').offsetHeight,
      bottom_px: need(page, '.overlay-bottom').offsetHeight
    })
  }
}

/** What the page before this one left: whether it broke off, and in which way of looking. */
interface Before {
  guard: Guard
  broken: Rung | null
}

function openWhenKnown(visit: Visit, device: Device, words: Words, before: Before): void {
  const own = need(document, 'main').dataset['experience'] ?? ''
  const trace = openTrace(window)
  if (trace !== null) layRecording(need(document, '.overlay-bottom'), trace, words)
  const controls = new ArControls(document, visit, device, words, trace)
  const ways = new Ways({ view: window, visit, device, words, ar: controls, trace, ...before })
  const warning = createWarning(words)
  let begun = false
  visit.listen((after) => {
    if (!begun && after.site?.experiences.some(({ id }) => id === own)) {
      begun = true
      visit.dispatch({ type: 'experience_opened', experience: own })
      const open = findOpen(visit.state)
      if (open !== null) {
        const scene = showScene(placesOf(document), open, visit, device, words)
        controls.use(scene)
        ways.use(scene)
      }
    }
    controls.show()
    if (after.ar !== 'overlaid') warning.show(document, edgeNear(after)) // there the way that is tracked says it better
  })
}

async function bringAlive(words: Words): Promise<void> {
  const main = need(document, 'main')
  const clock = createPageClock(localStorage)
  const visit = createVisit(main.dataset['site'] ?? '', languageOf(document), clock, main.dataset['base'])
  const before = setUpGuard(window, sessionStorage)
  const device = await readDevice(window)
  // a phone that ran out of memory once gets what one with little memory gets
  openWhenKnown(visit, before.broken === null ? device : { ...device, older: true }, words, before)
  const where = need(document, '#where')
  followSite(visit, (problem) => {
    where.textContent = words(problem.key)
  })
}

setUpLight(document, localStorage)
setUpLanguages(document)
keepRuby(document)
void bringAlive(readWords(document))
if (need(document, 'main').dataset['base'] === undefined) {
  registerWorker(window, (run) => whenCalmAfter('first3d', window, run))
}
