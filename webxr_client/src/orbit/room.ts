/** Where the studio's views draw: a canvas that takes the focus, a renderer, and a scene in calm daylight without shadows. */
import { DirectionalLight, HemisphereLight, NeutralToneMapping, Scene, WebGLRenderer } from 'three'
import { GROUND, SKY, SKY_INTENSITY, SUN, SUN_FROM, SUN_INTENSITY } from './daylight'

export interface Room {
  renderer: WebGLRenderer
  scene: Scene
}

/** A room in a container, called by a label; null when the browser refuses to draw. */
export function openRoom(container: HTMLElement, label: string, shortcuts: string): Room | null {
  const canvas = container.ownerDocument.createElement('canvas')
  canvas.tabIndex = 0
  canvas.setAttribute('role', 'application')
  canvas.setAttribute('aria-label', label)
  canvas.setAttribute('aria-keyshortcuts', shortcuts)
  let renderer: WebGLRenderer
  try {
    renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true })
  } catch {
    return null
  }
  renderer.toneMapping = NeutralToneMapping
  container.append(canvas)
  const scene = new Scene()
  const sun = new DirectionalLight(SUN, SUN_INTENSITY)
  sun.position.set(...SUN_FROM)
  scene.add(new HemisphereLight(SKY, GROUND, SKY_INTENSITY), sun)
  return { renderer, scene }
}
