/** Words over a view: few, at places of the scene, and none upon another. */
import type { Vector3 } from 'three'
import type { Eye } from './eye'

export interface Label {
  element: HTMLElement
  at: Vector3
}

const ROOM_PX = 8

/** An element for a label in the container; what it says is for the eye only, others hear the place in words. */
export function makeLabel(container: HTMLElement, text: string, at: Vector3, kind = ''): Label {
  const element = container.ownerDocument.createElement('span')
  element.className = `label ${kind}`.trim()
  element.textContent = text
  element.setAttribute('aria-hidden', 'true')
  container.append(element)
  return { element, at }
}

/** Lay the labels where their places are seen; of two that would overlap the later one is hidden. */
export function layLabels(labels: readonly Label[], eye: Eye): void {
  const taken: { left: number; right: number; y: number }[] = []
  for (const { element, at } of labels) {
    const seen = eye.seenAt(at)
    element.hidden = seen === null
    if (seen === null) continue
    const [x, y] = seen
    const half = element.offsetWidth / 2
    const spot = { left: x - half, right: x + half, y }
    const free = taken.every(
      (other) =>
        spot.right + ROOM_PX < other.left || spot.left - ROOM_PX > other.right || Math.abs(spot.y - other.y) > 24
    )
    element.hidden = !free
    if (!free) continue
    taken.push(spot)
    element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px) translate(-50%, -50%)`
  }
}
