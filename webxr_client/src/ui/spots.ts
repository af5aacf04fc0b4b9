/** The explained points of a model: real buttons laid over it, and the panel with a point's text. */
import type { HotspotPlace, Stage } from '../orbit/stage'
import type { Hotspot } from '../wire'
import { make, need, toldIn } from './dom'
import { layMedia } from './media'
import { closePanel, openPanel } from './panel'
import type { Visit } from './visit'
import type { Words } from './words'

export interface Spots {
  place: (places: HotspotPlace[]) => void
  close: () => void
}

/** Where the points of a scene are shown: a layer over the canvas, and the panel. */
export interface SpotPlaces {
  layer: HTMLElement
  panel: HTMLElement
}

/** Lay a numbered button for every point; pressing it turns the model there and opens its text. */
export function laySpots(
  places: SpotPlaces,
  spots: readonly Hotspot[],
  stage: () => Stage | null,
  words: Words,
  visit: Visit
): Spots {
  const page = places.layer.ownerDocument
  const open = (spot: Hotspot, button: HTMLElement): void => {
    stage()?.lookAt(spot.id)
    visit.tell({ type: 'hotspot_opened', hotspot: spot.id })
    const media = spot.media === null ? [] : [layMedia(page, spot.media, words, visit)]
    openPanel(places.panel, button, words, spot.title, make(page, 'p', toldIn(spot), spot.text), ...media)
    Object.assign(need(places.panel, '#panel-title'), toldIn(spot))
  }
  const buttons = spots.map((spot, index) => {
    const label = make(page, 'span', {}, String(index + 1))
    label.setAttribute('aria-hidden', 'true')
    const button = make(page, 'button', { type: 'button', hidden: true, ...toldIn(spot) }, label)
    button.setAttribute('aria-label', spot.title)
    button.addEventListener('click', () => open(spot, button))
    return button
  })
  places.layer.replaceChildren(...buttons)
  return { place: (found) => move(buttons, spots, found), close: () => closePanel(places.panel) }
}

function move(buttons: HTMLElement[], spots: readonly Hotspot[], found: HotspotPlace[]): void {
  for (const [index, spot] of spots.entries()) {
    const place = found.find(({ id }) => id === spot.id)
    const button = buttons[index]
    if (button === undefined || place === undefined) continue
    // a button that has the focus stays, or the keyboard would be thrown back to the start of the page
    button.hidden = place.hidden && button.ownerDocument.activeElement !== button
    button.style.transform = `translate(${place.x_px}px, ${place.y_px}px)`
  }
}
