/** The page of a scan that is not finished: follows the server's events and loads the result when it is there. */
import { createPace, type LeftWords, sayLeft } from './pace'
import { fill } from './staff'

interface ScanWords {
  states: Record<string, string>
  explain: Record<string, string>
  stages: Record<string, string>
  /** How many scans come before one that waits. */
  ahead: { none: string; one: string; many: string }
  left: LeftWords
}

interface ScanState {
  state: string
  stage: string
  progress: number
  received_bytes: number
  length_bytes: number
  ahead: number | null
}

/** How far a scan is, from 0 to 1: bytes while it arrives, the pipeline's own fraction while it is built. */
export function fractionOf(scan: ScanState): number {
  if (scan.state === 'receiving') return scan.received_bytes / scan.length_bytes
  return scan.state === 'building' ? scan.progress : 0
}

/** What happens now, in words. */
export function sayStage(scan: ScanState, words: ScanWords): string {
  const stage = words.stages[scan.stage.split(' ')[0] ?? '']
  const explained = words.explain[scan.state] ?? ''
  if (scan.ahead !== null) return `${explained} ${sayAhead(scan.ahead, words)}`
  if (scan.state !== 'building' || stage === undefined) return explained
  return fill('{stage} · {percent} %', { stage, percent: Math.round(scan.progress * 100) })
}

function sayAhead(count: number, { ahead }: ScanWords): string {
  return fill(count === 0 ? ahead.none : count === 1 ? ahead.one : ahead.many, { count })
}

/** Follow the events of the scan that the page shows. */
export function followScan(page: Document, live: HTMLElement, words: ScanWords): void {
  const events = new EventSource(live.dataset['events'] ?? '')
  const pace = createPace()
  const show = (scan: ScanState): void => {
    const state = page.getElementById('scan-state')
    const label = words.states[scan.state]
    if (state !== null && label !== undefined && state.textContent !== label) {
      state.textContent = label
      state.className = `state state-${scan.state}`
    }
    const sentence = page.getElementById('live-words')
    if (sentence !== null) sentence.textContent = sayStage(scan, words)
    const bar = page.querySelector<HTMLProgressElement>('#live-bar')
    if (bar !== null) bar.value = fractionOf(scan)
    const left = page.getElementById('live-left')
    const going = scan.state === 'waiting' ? null : pace(fractionOf(scan), 1, performance.now())
    if (left === null) return
    left.hidden = going === null
    left.textContent = going === null ? '' : sayLeft(going.left_s, words.left)
  }
  events.addEventListener('state', (event) => show(JSON.parse(event.data) as ScanState))
  events.addEventListener('end', () => {
    events.close()
    page.defaultView?.location.reload()
  })
}
