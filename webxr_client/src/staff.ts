/** What all pages of creators and staff share: the menu and the shortcuts it shows. */

/** Alt and a digit follow the menu entry that names it. */
export function listenForShortcuts(page: Document): void {
  page.addEventListener('keydown', (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || !/^Digit\d$/.test(event.code)) return
    const entry = page.querySelector<HTMLAnchorElement>(`[data-shortcut="${event.code.slice(5)}"]`)
    if (entry === null) return
    event.preventDefault()
    entry.click()
  })
}

/** The open menu folds up on Escape, and when something else is touched or reached; without a script its own word folds it. */
export function foldMenu(page: Document): void {
  const menu = page.querySelector<HTMLDetailsElement>('#menu')
  if (menu === null) return
  const leave = (event: Event): void => {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false
  }
  page.addEventListener('pointerdown', leave)
  page.addEventListener('focusin', leave)
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !menu.open) return
    menu.open = false
    menu.querySelector('summary')?.focus()
  })
}

/** The JSON a page carries for its script. */
export function readData<T>(page: Document, id: string): T | null {
  const element = page.getElementById(id)
  return element === null ? null : (JSON.parse(element.textContent ?? 'null') as T)
}

/** A sentence with its `{name}` places filled in. */
export function fill(sentence: string, parts: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(parts[name] ?? whole))
}
