/** The page that is nothing but a scene: turned on the screen, or standing before the visitor where the phone can do that. */
import './visitor.css'
import { type Device, readDevice } from './device'
import { registerWorker } from './offline/register'
import { findOpen } from './state'
import { ArControls } from './ui/ar'
import { need } from './ui/dom'
import { rememberLanguage, setUpLight } from './ui/light'
import { keepRuby } from './ui/ruby'
import { type ScenePlaces, showScene } from './ui/scene-view'
import { createPageClock, createVisit, followSite, type Visit } from './ui/visit'
import { languageOf, readWords, type Words } from './ui/words'

function placesOf(page: Document): ScenePlaces {
  return {
    canvas: need(page, '#scene'),
    layer: need(page, '#spots'),
    bar: need(page, '#bar'),
    panel: need(page, '#panel'),
    picture: page.getElementById('picture')
  }
}

function openWhenKnown(visit: Visit, device: Device, words: Words): void {
  const own = need(document, 'main').dataset['experience'] ?? ''
  const controls = new ArControls(document, visit, device, words)
  let begun = false
  visit.listen((after) => {
    if (!begun && after.site?.experiences.some(({ id }) => id === own)) {
      begun = true
      visit.dispatch({ type: 'experience_opened', experience: own })
      const open = findOpen(visit.state)
      if (open !== null) controls.use(showScene(placesOf(document), open, visit, device, words))
    }
    controls.show()
  })
}

async function bringAlive(words: Words): Promise<void> {
  const main = need(document, 'main')
  const visit = createVisit(main.dataset['site'] ?? '', languageOf(document), createPageClock(localStorage))
  openWhenKnown(visit, await readDevice(window), words)
  const where = need(document, '#where')
  followSite(visit, (problem) => {
    where.textContent = words(problem.key)
  })
}

setUpLight(document, localStorage)
rememberLanguage(document)
keepRuby(document)
void bringAlive(readWords(document))
void registerWorker(window)
