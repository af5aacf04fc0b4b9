/** Pages of visitors: they are complete without this script; it adds the position, the model and the right moment. */
import './visitor.css'
import { whenCalm } from './later'
import { registerWorker } from './offline/register'
import { setUpLanguages } from './ui/languages'
import { setUpLight } from './ui/light'
import { bringAlive } from './ui/live-page'
import { keepRuby } from './ui/ruby'
import { setUpSheet } from './ui/sheet'
import { readWords } from './ui/words'

setUpLight(document, localStorage)
setUpLanguages(document)
keepRuby(document)
if (document.getElementById('texts') !== null) {
  // a page of refusal has no texts: it only takes the light
  const words = readWords(document)
  setUpSheet(window, words)
  void bringAlive(window, words)
  registerWorker(window, (run) => whenCalm(window, run))
} else if (document.querySelector('[data-answered]') !== null) {
  void import('./answered').then(({ tellAnswered }) => tellAnswered(window))
}
