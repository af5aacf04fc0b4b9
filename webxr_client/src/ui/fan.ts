/** The fan of the island that opens while something loads. */

const SVG = 'http://www.w3.org/2000/svg'

export interface Fan {
  readonly element: SVGSVGElement
  /** Open it to a share from 0 to 1. */
  open: (share: number) => void
}

/** A closed fan; for the eye only, since words beside it say the same. */
export function makeFan(page: Document): Fan {
  const element = page.createElementNS(SVG, 'svg')
  element.setAttribute('class', 'fan-progress')
  element.setAttribute('viewBox', '0 0 48 32')
  element.setAttribute('aria-hidden', 'true')
  const edge = page.createElementNS(SVG, 'path')
  edge.setAttribute('d', 'M3 14A30 30 0 0 1 45 14L36.600 23.400A17.400 17.400 0 0 0 11.400 23.400Z')
  const done = page.createElementNS(SVG, 'path')
  done.setAttribute('class', 'done')
  done.setAttribute('d', 'M7.200 18.700A23.700 23.700 0 0 1 40.800 18.700')
  done.setAttribute('pathLength', '100')
  const open = (share: number): void => done.setAttribute('stroke-dasharray', `${(share * 100).toFixed(0)} 101`)
  open(0)
  element.append(done, edge)
  return { element, open }
}
