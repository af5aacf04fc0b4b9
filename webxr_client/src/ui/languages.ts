/** The language chooser: it works without this script, which remembers what was chosen and closes it politely. */

/** Remember a language chosen by hand, and close the list on Escape and on a tap beside it. */
export function setUpLanguages(page: Document): void {
  for (const link of page.querySelectorAll<HTMLAnchorElement>('a[data-language]')) {
    link.addEventListener('click', () => {
      // the server reads it at `/`
      page.cookie = `lang=${link.dataset['language']}; path=/; max-age=31536000; samesite=lax`
    })
  }
  const list = page.querySelector<HTMLDetailsElement>('.languages details')
  if (list === null) return
  page.addEventListener('click', (event) => {
    if (event.target instanceof Node && !list.contains(event.target)) list.open = false
  })
  list.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    list.open = false
    list.querySelector('summary')?.focus()
  })
}
