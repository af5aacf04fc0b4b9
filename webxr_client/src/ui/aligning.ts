/** Bringing the model to its true place in AR: aiming at points, putting right by hand, and saying how sure it is. */
import { findSightable, findSigns } from '../window/points'
import type { SceneNode, SiteDocument, SurveyPoint } from '../wire'
import type { ArSession } from '../xr/session'
import { make, makeButton } from './dom'
import type { Scanning } from './scanning'
import { openSighting, type Sighting } from './sighting'
import type { Words } from './words'

export interface AligningParts {
  /** Where the buttons go. */
  place: HTMLElement
  overlay: HTMLElement
  words: Words
  say: (sentence: string) => void
  site: SiteDocument
  node: SceneNode
  session: ArSession
  /** Aiming is over: the buttons are to be laid anew, and a sentence may have to be said. */
  onClose: (sentence: string | null) => void
}

export interface Aligning {
  /** The visitor is choosing or aiming; the place is taken. */
  readonly busy: boolean
  /** There are points to aim at. */
  readonly offers: boolean
  aim: () => void
  /** There are signs to stand at. */
  readonly hasSigns: boolean
  /** Name the sign that the visitor stands at. */
  stand: () => Promise<void>
  /** The card with which a placed model is put right, and its opener. */
  card: (row: HTMLElement) => HTMLElement
  /** How sure the true place is; null while the model does not stand there. */
  sentence: () => string | null
  close: () => void
}

const TURN_DEG = 1
const NUDGE_M = 0.25

type Act = [key: string, act: () => void]

/** Begin for a session that aligns. */
export function startAligning(parts: AligningParts): Aligning {
  const { session, words, place } = parts
  const points = findSightable(parts.site, parts.node)
  const signs = findSigns(parts.site, parts.node)
  let sighting: Sighting | Scanning | null = null
  let over = false
  const leave = (): void => {
    sighting?.close()
    sighting = null
    session.aiming = false
  }
  return {
    get busy() {
      return sighting !== null
    },
    offers: points.length > 0,
    aim() {
      session.aiming = true
      sighting = openSighting({
        place,
        overlay: parts.overlay,
        points: inOrder(session, points),
        words,
        say: parts.say,
        onTake: (id) => {
          const point = points.find((one) => one.id === id)
          if (point !== undefined) session.alignment?.sight(point)
        },
        onClose: () => {
          leave()
          parts.onClose(null)
        }
      })
    },
    hasSigns: signs.length > 0,
    async stand() {
      const { openScanning } = await import('./scanning')
      if (sighting !== null || over) return
      session.aiming = true
      sighting = openScanning({
        place,
        overlay: parts.overlay,
        signs,
        lookout: null,
        words,
        say: parts.say,
        onTake: (pose) => session.alignment?.stand(pose) ?? false,
        onClose: (sentence) => {
          leave()
          parts.onClose(sentence)
        }
      })
    },
    card: (row) => makeCard(parts, row),
    sentence() {
      if (session.doubt_m === null) return null
      const said = [words('align_overlaid', { metres: Math.max(1, Math.round(session.doubt_m)) })]
      if (parts.node.anchor_note === 'demonstration') said.push(words('window_demonstration'))
      else if (session.alignment?.wants === true) said.push(words('align_again'))
      return said.join(' ')
    },
    close() {
      over = true
      leave()
    }
  }
}

/** The points with the most helpful first; those too near or too far from here come last, without a distance. */
function inOrder(
  session: ArSession,
  points: readonly SurveyPoint[]
): { id: string; name: string; away_m: number | null }[] {
  const ordered = session.alignment?.order(points) ?? []
  const known = ordered.map(({ id, away_m }) => ({ id, away_m: session.doubt_m === null ? null : away_m }))
  const rest = points.filter(({ id }) => !ordered.some((one) => one.id === id)).map(({ id }) => ({ id, away_m: null }))
  return [...known, ...rest].map((one) => ({ ...one, name: points.find(({ id }) => id === one.id)?.name ?? one.id }))
}

function makeCard({ place, overlay, words, session }: AligningParts, row: HTMLElement): HTMLElement {
  const page = place.ownerDocument
  const { alignment } = session
  const undo = makeButton(page, words('sight_undo'), () => {
    alignment?.undo()
    show()
  })
  const show = (): void => {
    undo.disabled = alignment?.canUndo !== true
  }
  const buttons = (...acts: Act[]): HTMLElement => {
    const made = acts.map(([key, act]) =>
      makeButton(page, words(key), () => {
        act()
        show()
      })
    )
    return make(page, 'div', { className: 'row' }, ...made)
  }
  const card = make(
    page,
    'section',
    { className: 'words adjusting', hidden: true },
    make(page, 'p', {}, words('window_turn')),
    buttons(
      ['window_turn_left', () => alignment?.turn(-TURN_DEG)],
      ['window_turn_right', () => alignment?.turn(TURN_DEG)]
    ),
    buttons(
      ['align_left', () => alignment?.nudge(-NUDGE_M, 0)],
      ['align_right', () => alignment?.nudge(NUDGE_M, 0)],
      ['window_nearer', () => alignment?.nudge(0, -NUDGE_M)],
      ['window_farther', () => alignment?.nudge(0, NUDGE_M)]
    ),
    make(page, 'div', { className: 'row' }, undo)
  )
  card.setAttribute('aria-label', words('window_adjust'))
  const opener = makeButton(page, words('window_adjust'), () => {
    card.hidden = !card.hidden
    opener.textContent = words(card.hidden ? 'window_adjust' : 'window_adjust_close')
    opener.setAttribute('aria-expanded', String(!card.hidden))
    overlay.toggleAttribute('data-adjusting', !card.hidden)
    show()
  })
  opener.setAttribute('aria-expanded', 'false')
  row.append(opener)
  return card
}
