/** The few buttons of the magic window, and its top line: what is seen, and how sure that is. */

import { findSightable, findSigns } from '../window/points'
import type { WindowSession } from '../window/session'
import type { SceneNode, Sign, SurveyPoint } from '../wire'
import { type Adjusting, layAdjusting } from './adjusting'
import { announce, make, makeButton } from './dom'
import type { ModeParts } from './mode'
import type { Scanning } from './scanning'
import { openSighting, type Sighting } from './sighting'

export interface WindowControls {
  /** After a change of the window's state. */
  show: () => void
  /** After a change of what it says of itself. */
  refresh: () => void
  sayContext: (state: 'lost' | 'restored') => void
  /** The visitor walks, and the model is out of sight, or stands again. */
  sayWalk: (walks: boolean) => void
  close: () => void
}

const NOTE_MS = 6000

/** Lay the buttons for a session that has begun. */
export function layWindowControls(parts: ModeParts, session: WindowSession, node: SceneNode | null): WindowControls {
  const controls = new Controls(parts, session, node)
  controls.show()
  return controls
}

class Controls implements WindowControls {
  private adjusting: Adjusting | null = null
  private sighting: Sighting | null = null
  private scanning: Scanning | null = null
  private closed = false
  private walks = false
  private note: string | null = null
  private readonly points: SurveyPoint[]
  private readonly signs: Sign[]

  constructor(
    private readonly parts: ModeParts,
    private readonly session: WindowSession,
    private readonly node: SceneNode | null
  ) {
    const site = parts.visit.state.site
    const surveyed = site !== null && node?.surveyed === true
    this.points = surveyed ? findSightable(site, node) : []
    this.signs = surveyed ? findSigns(site, node) : []
  }

  show(): void {
    const { words, place } = this.parts
    const { session } = this
    this.overlay.dataset['window'] = session.state
    if (this.busy) return
    this.refresh()
    const page = place.ownerDocument
    const hadFocus = place.contains(page.activeElement)
    const row = make(page, 'div', { className: 'row' })
    place.replaceChildren(row)
    this.overlay.toggleAttribute('data-adjusting', false) // a new card is closed
    const waits = session.state === 'waiting'
    if (!waits) {
      if (this.points.length > 0) row.append(makeButton(page, words('sight_open'), () => this.aim(), 'primary'))
      else row.append(makeButton(page, words('window_put'), () => session.put(), 'primary'))
      if (this.signs.length > 0) row.append(makeButton(page, words('sign_open'), () => void this.scan()))
      this.adjusting = layAdjusting(place, row, session, words)
    }
    row.append(makeButton(page, words('ar_end'), () => session.end()))
    if (hadFocus || waits) row.querySelector('button')?.focus()
  }

  refresh(): void {
    this.adjusting?.show()
    if (!this.busy) this.parts.say(this.sentence())
  }

  sayContext(state: 'lost' | 'restored'): void {
    this.parts.say(state === 'lost' ? this.parts.words('context_lost') : this.sentence())
  }

  sayWalk(walks: boolean): void {
    this.walks = walks
    this.refresh()
  }

  close(): void {
    this.closed = true
    this.sighting?.close()
    delete this.overlay.dataset['window']
    this.scanning?.close()
  }

  private get busy(): boolean {
    return this.sighting !== null || this.scanning !== null
  }

  private get overlay(): HTMLElement {
    return this.parts.place.closest<HTMLElement>('#overlay') ?? this.parts.place
  }

  private async scan(): Promise<void> {
    const { place, words, say } = this.parts
    const { overlay, signs, session } = this
    const { openScanning } = await import('./scanning')
    if (this.closed || this.busy) return
    session.bareView(true)
    this.scanning = openScanning({
      place,
      overlay,
      signs,
      words,
      say,
      lookout: session.lookout,
      onTake: (pose, at_ms) => session.stand(pose, at_ms),
      onClose: (sentence) => {
        this.scanning = null
        session.bareView(false)
        this.show()
        if (sentence !== null) this.tell(sentence)
      }
    })
  }

  /** Say what was done, before what is seen, for as long as it takes to read. */
  private tell(sentence: string): void {
    this.note = sentence
    this.refresh()
    announce(this.parts.view.document, sentence)
    setTimeout(() => {
      if (this.note !== sentence || this.closed) return
      this.note = null
      this.refresh()
    }, NOTE_MS)
  }

  private aim(): void {
    const { place, words, say } = this.parts
    const best = this.session.rank(this.points)
    this.sighting = openSighting({
      place,
      overlay: this.overlay,
      points: best.length > 0 ? best : this.points, // too near or too far as far as is known: the visitor knows better
      words,
      say,
      onTake: (id) => {
        const point = this.points.find((one) => one.id === id)
        if (point !== undefined) this.session.sight(point)
      },
      onClose: () => {
        this.sighting?.close()
        this.sighting = null
        this.show()
      }
    })
  }

  private sentence(): string {
    const { words } = this.parts
    const { session, node } = this
    if (this.walks) return words('stop_look')
    if (this.note !== null) return this.note
    if (session.state === 'waiting') return words('window_wait')
    if (session.state === 'overlaid') {
      const sure = words('window_overlaid', { metres: Math.max(1, Math.round(session.metres ?? 1)) })
      const more = session.wantsSighting ? ` ${words('sight_again')}` : ''
      return `${sure}${more}${node?.anchor_note === 'demonstration' ? ` ${words('window_demonstration')}` : ''}`
    }
    if (node?.surveyed !== true) return words('window_floor', { metres: Math.round(node?.accuracy_m ?? 0) })
    if (this.points.length === 0) return words('window_floor_unsure')
    return words(session.lacksNorth ? 'window_no_compass' : 'window_floor_surveyed')
  }
}
