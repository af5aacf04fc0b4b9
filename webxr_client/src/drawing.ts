/** Drawing over empty days of the calendar, and moving bars of fixed days. Both only open a form: nothing is saved here. */

const LEAST_PX = 6 // a hand that trembles on a link does not move it
const PRESS_MS = 450 // how long a finger rests before it draws: less than until a browser opens a link's menu
const EDGE_PX = 28 // so near the edge the calendar scrolls on
const STEP_PX = 6
const STEP_MS = 16

/** The address of an empty place with its last day set to another one; drawn backwards it is the first that is earlier. */
export function spanAddress(from: string, to: string): string {
  const first = new URL(from, 'http://here')
  const days = [
    first.searchParams.get('first') ?? '',
    new URL(to, 'http://here').searchParams.get('first') ?? ''
  ].sort()
  first.searchParams.set('first', days[0] ?? '')
  first.searchParams.set('last', days[1] ?? '')
  return first.pathname + first.search
}

/** The cells between two of one row or lane by their days, both in. */
export function between(cells: readonly HTMLElement[], one: HTMLElement, other: HTMLElement): HTMLElement[] {
  const [first = '', last = ''] = [one.dataset['day'] ?? '', other.dataset['day'] ?? ''].sort()
  return cells.filter(({ dataset }) => (dataset['day'] ?? '') >= first && (dataset['day'] ?? '') <= last)
}

/** By how many days a bar was moved. */
export function daysMoved(movedPx: number, dayPx: number): number {
  return dayPx > 0 ? Math.round(movedPx / dayPx) : 0
}

/** Let days be drawn and bars be moved in a calendar of a month; `go` opens an address. A finger begins with a long press. */
export function setUpDrawing(table: HTMLElement, go: (address: string) => void): void {
  let stopped: (() => void) | undefined
  table.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.isPrimary === false) return
    const gesture = gestureAt(table, event, go)
    if (gesture === undefined) return
    stopped?.()
    const touched = event.pointerType === 'touch'
    stopped = touched ? press(table, event, gesture) : follow(table, event, gesture, LEAST_PX)
  })
  // what a finger holds does not scroll; a page may only say so before the scrolling begins, and not as a passive listener
  table.addEventListener('touchmove', (event) => holds(table) && event.cancelable && event.preventDefault(), {
    passive: false
  })
  // nor does it follow the link it lies on, or open that link's menu
  table.addEventListener('touchend', (event) => holds(table) && event.cancelable && event.preventDefault())
  table.addEventListener('contextmenu', (event) => {
    if (table.classList.contains('pressed') || holds(table)) event.preventDefault()
  })
}

const holds = (table: HTMLElement): boolean => table.ownerDocument.body.classList.contains('drawing')

interface Gesture {
  begin(): void
  move(clientX: number): void
  end(): void
  stop(): void
}

function gestureAt(table: HTMLElement, event: PointerEvent, go: (address: string) => void): Gesture | undefined {
  const target = event.target
  if (!(target instanceof HTMLElement)) return undefined
  const bar = target.closest<HTMLElement>('[data-move]')
  if (bar !== null) return moveBar(table, bar, event, go)
  const cell = target.closest<HTMLElement>('[data-day]')
  return cell === null ? undefined : drawDays(cell, go)
}

/** A finger that rests begins; one that moves before, or is lifted, scrolls or follows the link. Gives what stops it. */
function press(table: HTMLElement, begun: PointerEvent, gesture: Gesture): () => void {
  const page = table.ownerDocument
  table.classList.add('pressed')
  let stop = (): void => {
    clearTimeout(timer)
    table.classList.remove('pressed')
    for (const type of ['pointerup', 'pointercancel', 'pointerdown']) page.removeEventListener(type, leave)
    page.removeEventListener('pointermove', move)
  }
  const timer = setTimeout(() => {
    stop()
    stop = follow(table, begun, gesture, 0)
  }, PRESS_MS)
  const move = (event: PointerEvent): void => {
    if (Math.hypot(event.clientX - begun.clientX, event.clientY - begun.clientY) >= LEAST_PX) stop()
  }
  const leave = (event: Event): void => {
    if (event !== begun) stop()
  }
  for (const type of ['pointerup', 'pointercancel', 'pointerdown']) page.addEventListener(type, leave)
  page.addEventListener('pointermove', move)
  return () => stop()
}

/** Follow a pointer that is down; a gesture begins after so many px. Gives what stops it. */
function follow(table: HTMLElement, begun: PointerEvent, gesture: Gesture, leastPx: number): () => void {
  const page = table.ownerDocument
  const heard = new AbortController()
  let drawn = false
  let at = begun.clientX
  const edge = keepInSight(table, () => {
    if (drawn) gesture.move(at)
    return drawn ? at : undefined
  })
  const begin = (): void => {
    drawn = true
    page.body.classList.add('drawing')
    gesture.begin()
  }
  const stop = (): void => {
    heard.abort()
    clearInterval(edge)
    page.body.classList.remove('drawing')
    gesture.stop()
  }
  const hear = (type: string, on: (event: PointerEvent) => void): void =>
    page.addEventListener(type, (event) => on(event as PointerEvent), { signal: heard.signal })
  hear('pointermove', (event) => {
    if (event.pointerId !== begun.pointerId) return
    if (!drawn && Math.hypot(event.clientX - begun.clientX, event.clientY - begun.clientY) >= leastPx) begin()
    at = event.clientX
    if (drawn) gesture.move(at)
  })
  hear('pointerup', (event) => {
    if (event.pointerId !== begun.pointerId) return
    stop()
    if (drawn) afterItsClick(page, () => gesture.end())
  })
  hear('pointercancel', stop)
  hear('pointerdown', (event) => event !== begun && stop()) // a second finger, or another button
  page.addEventListener('keydown', ({ key }) => key === 'Escape' && stop(), { signal: heard.signal })
  if (leastPx === 0) begin()
  return stop
}

/** Do something after the click that follows a drawn line, which is none: it comes before what waits for its turn, or never. */
function afterItsClick(page: Document, then: () => void): void {
  const swallow = (click: Event): void => click.preventDefault()
  page.addEventListener('click', swallow, { capture: true })
  setTimeout(() => {
    page.removeEventListener('click', swallow, { capture: true })
    then()
  })
}

/** Scroll the calendar on while a pointer is at its edge; gives the timer. `lead` tells where the pointer is, and goes along. */
function keepInSight(table: HTMLElement, lead: () => number | undefined): ReturnType<typeof setInterval> {
  const frame = table.closest<HTMLElement>('.scroll')
  return setInterval(() => {
    const at = lead()
    if (frame === null || at === undefined) return
    const { left, right } = frame.getBoundingClientRect()
    const names = table.querySelector('thead th')?.getBoundingClientRect().width ?? 0
    if (at > right - EDGE_PX) frame.scrollLeft += STEP_PX
    else if (at < left + names + EDGE_PX) frame.scrollLeft -= STEP_PX
  }, STEP_MS)
}

function drawDays(from: HTMLElement, go: (address: string) => void): Gesture {
  const row = from.closest('tr')
  const cells = [...(row?.querySelectorAll<HTMLElement>('[data-day]') ?? [])]
  let to = from
  const show = (): void => {
    const drawn = between(cells, from, to)
    for (const cell of cells) cell.classList.toggle('drawn', drawn.includes(cell))
  }
  return {
    begin: show,
    move(clientX) {
      const under = cells.find((cell) => {
        const { left, right } = cell.getBoundingClientRect()
        return clientX >= left && clientX < right
      })
      to = under ?? to
      show()
    },
    end() {
      go(spanAddress(from.getAttribute('href') ?? '', to.getAttribute('href') ?? ''))
    },
    stop() {
      for (const cell of cells) cell.classList.remove('drawn')
    }
  }
}

function moveBar(table: HTMLElement, bar: HTMLElement, begun: PointerEvent, go: (address: string) => void): Gesture {
  const dayPx = table.querySelector('thead th:nth-child(2)')?.getBoundingClientRect().width ?? 0
  // reckoned from where the table stands, which scrolls on under a pointer at the edge
  const startPx = begun.clientX - table.getBoundingClientRect().left
  let days = 0
  return {
    begin: () => bar.classList.add('held'),
    move(clientX) {
      days = daysMoved(clientX - table.getBoundingClientRect().left - startPx, dayPx)
      bar.style.transform = `translateX(${days * dayPx}px)`
    },
    end() {
      if (days !== 0) go(`${bar.dataset['move'] ?? ''}${days}`)
    },
    stop() {
      bar.classList.remove('held')
      bar.style.transform = ''
    }
  }
}
