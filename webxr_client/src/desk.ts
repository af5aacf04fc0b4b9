/** Pages of staff. They work without this script; it only adds comfort. */
import './desk.css'
import { setUpDrawing } from './drawing'
import { setUpPicking } from './place-pick'
import { foldMenu, listenForShortcuts } from './staff'
import { setUpAdvice } from './text-advice'

const MOMENTS: Record<string, string> = { from_at: '#starts-at', until_at: '#ends-at' }

/** The selector of the choice that a field belongs to; of no choice where there is none. */
function choiceOf({ name, type }: HTMLInputElement | HTMLSelectElement): string {
  return MOMENTS[name] ?? (name === 'season' ? '#days-season' : type === 'date' ? '#days-dates' : '#none')
}

/** Typing into the fields of a choice makes that choice. */
function followChoices(form: HTMLFormElement): void {
  form.addEventListener('input', (event) => {
    const field = event.target
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) return
    const radio = form.querySelector<HTMLInputElement>(choiceOf(field))
    if (radio !== null && field.value !== '') radio.checked = true
  })
}

listenForShortcuts(document)
foldMenu(document)
for (const form of document.querySelectorAll<HTMLFormElement>('form.fields')) {
  followChoices(form)
  setUpAdvice(form)
  setUpPicking(form)
}
const month = document.querySelector<HTMLElement>('.plan-month')
if (month !== null) setUpDrawing(month, (address) => location.assign(address))
const tablet = document.querySelector<HTMLElement>('.tablet')
if (tablet !== null) void import('./tablet').then(({ keepShowing }) => keepShowing(window, tablet))
const now = document.querySelector<HTMLElement>('div.now')
if (now !== null) void import('./now').then(({ keepRenewing }) => keepRenewing(window, now))
if (document.querySelector('.chart-of') !== null)
  void import('./charts/charts').then(({ drawCharts }) => drawCharts(document))
for (const button of document.querySelectorAll<HTMLButtonElement>('.print')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}
