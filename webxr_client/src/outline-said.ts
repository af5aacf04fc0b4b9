/** What is said of an outline while it is drawn: the server says it, as it does without script once the form comes back. */

const REST_MS = 400
const ABOUT = ['csrf', 'lat', 'lon', 'enter_m', 'leave_m', 'sure']
const SENT = new Set([...ABOUT, 'corner_lat', 'corner_lon'])

interface Said {
  area: string
  remarks: string[]
  is_exchanged: boolean
}

let timer: ReturnType<typeof setTimeout> | undefined
let asked = ''

/** Ask what is to be said of the outline of a form, once nothing has changed for a moment. */
export function askAbout(form: HTMLFormElement, fields: HTMLElement): void {
  clearTimeout(timer)
  timer = setTimeout(() => void ask(form, fields), REST_MS)
}

async function ask(form: HTMLFormElement, fields: HTMLElement): Promise<void> {
  const body = new URLSearchParams({ landmark: fields.dataset['landmark'] ?? '' })
  for (const [name, value] of new FormData(form)) {
    if (SENT.has(name) && typeof value === 'string') body.append(name, value)
  }
  const question = body.toString()
  if (question === asked) return
  asked = question
  const answer = await fetch(fields.dataset['outline'] ?? '', { method: 'POST', body }).catch(() => null)
  if (asked !== question) return // changed meanwhile: the next answer is on its way
  if (answer === null || !answer.ok) {
    asked = '' // without it the form works all the same; the next change asks again
    return
  }
  show(fields, (await answer.json()) as Said)
}

function show(fields: HTMLElement, { area, remarks, is_exchanged }: Said): void {
  const said = fields.querySelector('.outline-said')
  const sentence = said?.querySelector('[data-area]')
  if (sentence != null) sentence.textContent = area
  said
    ?.querySelector('ul')
    ?.replaceChildren(
      ...remarks.map((text) => Object.assign(fields.ownerDocument.createElement('li'), { textContent: text }))
    )
  fields.querySelector('[data-exchange]')?.toggleAttribute('hidden', !is_exchanged)
  fields.querySelector(':scope > .problem')?.remove() // of what was sent before
}
