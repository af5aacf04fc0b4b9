/** Colours, faces and sizes of a chart: those of the page it stands on. */

import type { PlotOptions } from '@observablehq/plot'

export interface Look {
  width: number
  narrow: boolean
  plaster: string
  ink: string
  tile: string
  vermilion: string
  sea: string
  lantern: string
  face: string
}

const NARROW_PX = 560

export function lookOf(place: HTMLElement, width: number): Look {
  const style = getComputedStyle(place)
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    width,
    narrow: width < NARROW_PX,
    plaster: colour('plaster'),
    ink: colour('ink'),
    tile: colour('tile'),
    vermilion: colour('vermilion'),
    sea: colour('sea'),
    lantern: colour('lantern'),
    face: style.fontFamily
  }
}

/** What all charts have in common. */
export function common(look: Look): PlotOptions {
  return { width: look.width, style: { fontFamily: look.face, fontSize: '14px', background: 'none', color: look.ink } }
}

const WIDE_PX = 15
const SLIM_PX = 8

/** About how wide words are drawn, in px. */
export function widthOf(words: string): number {
  return [...words].reduce((sum, letter) => sum + (letter > '⺀' ? WIDE_PX : SLIM_PX), 0)
}

/** Words cut to the room there is; the table has all of them. */
export function fit(words: string, room: number): string {
  const letters = [...words]
  const at = letters.findIndex((_, place) => widthOf(letters.slice(0, place + 1).join('')) > room - 12)
  return at < 0 ? words : `${letters.slice(0, Math.max(1, at - 1)).join('')}…`
}
