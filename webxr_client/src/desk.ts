/** Pages of staff. They work without this script; it only adds comfort. */
import './desk.css'
import { listenForShortcuts } from './staff'

/** Typing into the fields of a choice makes that choice. */
function followChoices(form: HTMLFormElement): void {
  form.addEventListener('input', (event) => {
    const field = event.target
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) return
    const choice = field.name === 'season' ? 'season' : field.type === 'date' ? 'dates' : null
    const radio = choice === null ? null : form.querySelector<HTMLInputElement>(`#days-${choice}`)
    if (radio !== null && field.value !== '') radio.checked = true
  })
}

listenForShortcuts(document)
for (const form of document.querySelectorAll<HTMLFormElement>('form.fields')) followChoices(form)
