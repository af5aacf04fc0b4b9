/** Drawing over empty days of the calendar, and moving bars of fixed days. Both only open a form: nothing is saved here. */

const LEAST_PX = 6 // a hand that trembles on a link does not move it

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

/** Let days be drawn and bars be moved in a calendar of a month; `go` opens an address. */
export function setUpDrawing(table: HTMLElement, go: (address: string) => void): void {
  table.addEventListener('pointerdown', (event) => {
    const target = event.target
    if (event.button !== 0 || event.pointerType === 'touch' || !(target instanceof HTMLElement)) return
    const bar = target.closest<HTMLElement>('[data-move]')
    const cell = target.closest<HTMLElement>('[data-day]')
    if (bar !== null) follow(table, event, moveBar(table, bar, event, go))
    else if (cell !== null) follow(table, event, drawDays(cell, go))
  })
}

interface Gesture {
  move(event: PointerEvent): void
  end(event: PointerEvent): void
  stop(): void
}

function follow(table: HTMLElement, begun: PointerEvent, gesture: Gesture): void {
  const page = table.ownerDocument
  let drawn = false
  const move = (event: PointerEvent): void => {
    drawn ||= Math.hypot(event.clientX - begun.clientX, event.clientY - begun.clientY) >= LEAST_PX
    if (!drawn) return
    page.body.classList.add('drawing')
    gesture.move(event)
  }
  const stop = (): void => {
    page.removeEventListener('pointermove', move)
    page.removeEventListener('pointerup', end)
    page.removeEventListener('pointercancel', stop)
    page.removeEventListener('keydown', cancel)
    page.body.classList.remove('drawing')
    gesture.stop()
  }
  const end = (event: PointerEvent): void => {
    stop()
    if (!drawn) return
    // the click that follows a drawn line is none; it comes before what waits for its turn, or not at all
    const swallow = (click: Event): void => click.preventDefault()
    page.addEventListener('click', swallow, { capture: true })
    setTimeout(() => {
      page.removeEventListener('click', swallow, { capture: true })
      gesture.end(event)
    })
  }
  const cancel = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') stop()
  }
  page.addEventListener('pointermove', move)
  page.addEventListener('pointerup', end)
  page.addEventListener('pointercancel', stop)
  page.addEventListener('keydown', cancel)
}

function drawDays(from: HTMLElement, go: (address: string) => void): Gesture {
  const row = from.closest('tr')
  const cells = [...(row?.querySelectorAll<HTMLElement>('[data-day]') ?? [])]
  let to = from
  return {
    move(event) {
      const under = cells.find((cell) => {
        const { left, right } = cell.getBoundingClientRect()
        return event.clientX >= left && event.clientX < right
      })
      to = under ?? to
      const drawn = between(cells, from, to)
      for (const cell of cells) cell.classList.toggle('drawn', drawn.includes(cell))
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
  const movedTo = (event: PointerEvent): number => daysMoved(event.clientX - begun.clientX, dayPx)
  return {
    move(event) {
      bar.style.transform = `translateX(${movedTo(event) * dayPx}px)`
    },
    end(event) {
      const days = movedTo(event)
      if (days !== 0) go(`${bar.dataset['move'] ?? ''}${days}`)
    },
    stop() {
      bar.style.transform = ''
    }
  }
}
