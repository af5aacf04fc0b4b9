/** Forms whose points are chosen on a model: each spot of the form has three numbers and a button that fills them. */
import type { Mark, PickView } from './orbit/pick-view'
import { fill, readData } from './staff'
import { readBox } from './surroundings'
import { openView, type ViewWords } from './view-door'
import type { Point3 } from './wire'

interface PickWords extends ViewWords {
  pick_now: string
  picked: string
  missed: string
}

type Arrows = [at: Point3, to: Point3][]

const AXES = ['x', 'y', 'z'] as const
const WAIT_MS = 500 // once whoever types has stopped

/** Bring the page alive; without script its numbers are typed and its buttons ask the server. */
export function setUpPicking(page: Document, form: HTMLFormElement): void {
  const figure = page.querySelector<HTMLElement>('#model-view')
  const container = page.querySelector<HTMLElement>('#model-stage')
  const words = readData<PickWords>(page, 'view-words')
  if (figure === null || container === null || words === null) return
  openView(figure, words, async (tell) => {
    const { PickView } = await import('./orbit/pick-view')
    let picking: Element | null = null
    const choose = (spot: Element | null): void => {
      picking = spot
      view?.pick(spot !== null)
      for (const button of form.querySelectorAll('[data-pick]')) {
        button.setAttribute('aria-pressed', String(spot?.contains(button) === true))
      }
      if (spot !== null) tell(words.pick_now)
    }
    const view = await PickView.open(container, {
      url: figure.dataset['model'] ?? '',
      box: readBox(figure.dataset),
      label: words.label,
      onPick: (point) => {
        if (picking === null) return
        if (point === null) return tell(words.missed)
        const spot = picking
        write(spot, point)
        choose(null)
        const [x, y, z] = point.map((value) => value.toFixed(2))
        tell(fill(words.picked, { x: x ?? '', y: y ?? '', z: z ?? '' }))
        spot.querySelector<HTMLElement>('[data-pick]')?.focus({ preventScroll: true })
      },
      onGiveUp: () => {
        choose(null)
        tell('')
      }
    })
    if (view === null) return false
    tell('')
    for (const button of form.querySelectorAll<HTMLElement>('[data-pick]')) {
      button.hidden = false
      button.addEventListener('click', () => {
        choose(button.closest('[data-spot]'))
        container.scrollIntoView({ block: 'nearest' })
        view.canvas.focus({ preventScroll: true })
      })
    }
    keepShown(page, form, view)
    return true
  })
}

/** Show the spots of the form on the model, now and whenever they change, and ask the server what they say. */
function keepShown(page: Document, form: HTMLFormElement, view: PickView): void {
  const show = (): void => view.mark(readMarks(form, readData<Arrows>(page, 'fit-arrows') ?? []))
  let timer: ReturnType<typeof setTimeout> | undefined
  form.addEventListener('input', () => {
    show()
    clearTimeout(timer)
    timer = setTimeout(() => void askAgain(page, form).then(show), WAIT_MS)
  })
  show()
}

/** What the server says of the form as it stands, in place of what it said before. The form itself stays. */
async function askAgain(page: Document, form: HTMLFormElement): Promise<void> {
  const id = form.dataset['update'] ?? ''
  const ask = page.querySelector<HTMLButtonElement>('#try')
  if (ask === null) return // a form that is sent as a whole
  try {
    const body = new FormData(form)
    body.set(ask.name, ask.value)
    const answer = await fetch(form.action, {
      method: 'POST',
      body: new URLSearchParams([...body] as [string, string][])
    })
    const said = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(id)
    const before = page.getElementById(id)
    if (answer.ok && said !== null) before?.replaceChildren(...said.childNodes)
  } catch {
    // the line is down: the button under the form says so, as a page of the browser
  }
}

function write(spot: Element, point: Point3): void {
  AXES.forEach((axis, i) => {
    const input = spot.querySelector<HTMLInputElement>(`[data-axis="${axis}"]`)
    if (input !== null) input.value = (point[i] ?? 0).toFixed(3)
  })
  spot.dispatchEvent(new Event('input', { bubbles: true }))
}

/** The spots of a form that are filled in, by their names, each with where its point was measured to lie. */
export function readMarks(form: HTMLFormElement, arrows: Arrows): Mark[] {
  const marks: Mark[] = []
  for (const spot of form.querySelectorAll('[data-spot]')) {
    const texts = AXES.map((axis) => spot.querySelector<HTMLInputElement>(`[data-axis="${axis}"]`)?.value.trim() ?? '')
    const [x = Number.NaN, y = Number.NaN, z = Number.NaN] = texts.map((text) =>
      text === '' ? Number.NaN : Number(text.replace(',', '.'))
    )
    if (![x, y, z].every(Number.isFinite)) continue
    const arrow = arrows.find(([at]) => at[0] === x && at[1] === y && at[2] === z)
    marks.push({ name: spot.querySelector('legend')?.textContent ?? '', at: [x, y, z], to: arrow?.[1] ?? null })
  }
  return marks
}
