/** The canvas of the 3D view, and what draws into it. */
import { NeutralToneMapping, PCFShadowMap, WebGLRenderer } from 'three'

/** A canvas that fills its container, takes the focus, and says what it shows and which keys turn it. */
export function makeCanvas(page: Document, label: string): HTMLCanvasElement {
  const canvas = page.createElement('canvas')
  canvas.tabIndex = 0
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', label)
  canvas.setAttribute('aria-keyshortcuts', 'ArrowLeft ArrowRight ArrowUp ArrowDown + - Home')
  Object.assign(canvas.style, { display: 'block', width: '100%', height: '100%' })
  return canvas
}

/** The renderer of a canvas; null when the browser refuses one. */
export function createRenderer(canvas: HTMLCanvasElement): WebGLRenderer | null {
  try {
    const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true })
    renderer.toneMapping = NeutralToneMapping
    renderer.shadowMap.enabled = true
    renderer.shadowMap.type = PCFShadowMap
    renderer.shadowMap.autoUpdate = false // the models stand still: drawn once, and again when one changes
    return renderer
  } catch {
    return null // the browser promised WebGL 2 and refused it now, as it does under memory pressure
  }
}
