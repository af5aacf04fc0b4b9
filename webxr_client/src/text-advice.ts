/** Advice on plain Japanese while somebody types: the server gives it, as it does without script once the form comes back. */

const REST_MS = 700

/** Ask for advice on every field of a form that takes it, whenever typing rests. */
export function setUpAdvice(form: HTMLFormElement): void {
  const address = form.dataset['advice']
  const csrf = form.querySelector<HTMLInputElement>('[name=csrf]')?.value ?? ''
  if (address === undefined) return
  for (const field of form.querySelectorAll<HTMLTextAreaElement>('textarea[data-advise]')) {
    let timer: ReturnType<typeof setTimeout> | undefined
    field.addEventListener('input', () => {
      clearTimeout(timer)
      timer = setTimeout(() => void advise(field, address, csrf), REST_MS)
    })
  }
}

async function advise(field: HTMLTextAreaElement, address: string, csrf: string): Promise<void> {
  const place = field.ownerDocument.getElementById(`${field.id}-advice`)
  const { value } = field
  const body = new URLSearchParams({ csrf, text: value, language: field.dataset['advise'] ?? '' })
  const answer = await fetch(address, { method: 'POST', body }).catch(() => null)
  if (place === null || answer === null || !answer.ok) return // without it the form works all the same
  const { advice } = (await answer.json()) as { advice: string[] }
  if (field.value !== value) return // typed on meanwhile: the next answer is on its way
  place.replaceChildren(
    ...advice.map((said) => Object.assign(place.ownerDocument.createElement('li'), { textContent: said }))
  )
}
