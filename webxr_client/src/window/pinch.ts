/** Two fingers on the view. */

/** Hear by how much two fingers part (above 1) or come together, until the signal. */
export function listenForPinch(place: HTMLElement, onPinch: (factor: number) => void, signal: AbortSignal): void {
  let apart_px = 0
  const apart = ({ touches: [a, b] }: TouchEvent): number =>
    a === undefined || b === undefined ? 0 : Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)
  const begin = (event: TouchEvent): void => {
    apart_px = apart(event)
  }
  const move = (event: TouchEvent): void => {
    const now_px = apart(event)
    if (now_px === 0 || apart_px === 0) return
    onPinch(now_px / apart_px)
    apart_px = now_px
  }
  place.addEventListener('touchstart', begin, { signal, passive: true })
  place.addEventListener('touchmove', move, { signal, passive: true })
}
