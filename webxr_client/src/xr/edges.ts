/** Edges to look out for, drawn on the ground at their true place with a word: water, a quay, the road with the tram. */
import {
  BufferGeometry,
  CanvasTexture,
  Float32BufferAttribute,
  Group,
  Mesh,
  MeshBasicMaterial,
  Sprite,
  SpriteMaterial,
  SRGBColorSpace
} from 'three'
import { type GeoPoint, geodeticToEnu, poseInScene } from '../geo/enu'
import { rotate } from '../orbit/frame'
import type { Turn } from '../window/attitude'
import type { Hazard, Point3, SceneNode } from '../wire'

/** One line of an edge, in the frame of the node that stands by it. */
export interface EdgeLine {
  hazard: Hazard
  points: Point3[]
}

/** The point of all lines that is nearest to the visitor, seen from above. */
export interface NearestEdge {
  hazard: Hazard
  away_m: number
  at: Point3
}

export interface Edges {
  readonly group: Group
  /** The node stands so, and the ground is at this height: the edges lie where they truly are. */
  lay: (position: Point3, turn: Turn, ground_m: number) => void
  /** Show what is near to the visitor, and give the nearest; null before `lay` and after `takeAway`. */
  show: (eye: Point3) => NearestEdge | null
  takeAway: () => void
  dispose: () => void
}

const SHOWN_M = 15
const LINES = [
  { wide_m: 0.5, high_m: 0.02, colour: 0xf7f3ea },
  { wide_m: 0.3, high_m: 0.03, colour: 0xb7371f }
]
const WORD_HIGH_M = 0.32
const WORD_ABOVE_M = 1

/** All lines of the hazards as seen from a node. Pure. */
export function edgeLines(hazards: readonly Hazard[], { geopose }: SceneNode, origin: GeoPoint): EdgeLine[] {
  const { position, quaternion } = poseInScene(geopose, origin)
  const [x, y, z, w] = quaternion as unknown as Turn
  const back: Turn = [-x, -y, -z, w]
  return hazards.flatMap((hazard) =>
    hazard.lines.map((line) => ({
      hazard,
      points: line.map(([lat, lon]) => {
        const [east, north] = geodeticToEnu({ lat, lon, h: origin.h }, origin)
        return rotate([east - position[0], 0, -north - position[2]], back)
      })
    }))
  )
}

/** The nearest point of the lines to a place in the same frame, seen from above. Pure. */
export function nearestEdge(lines: readonly EdgeLine[], [x, , z]: Point3): NearestEdge | null {
  let nearest: NearestEdge | null = null
  for (const { hazard, points } of lines) {
    for (let i = 0; i + 1 < points.length; i++) {
      const at = nearestOn(points[i] as Point3, points[i + 1] as Point3, x, z)
      const away_m = Math.hypot(at[0] - x, at[2] - z)
      if (nearest === null || away_m < nearest.away_m) nearest = { hazard, away_m, at }
    }
  }
  return nearest
}

function nearestOn(a: Point3, b: Point3, x: number, z: number): Point3 {
  const [dx, dz] = [b[0] - a[0], b[2] - a[2]]
  const square = dx * dx + dz * dz
  const share = square === 0 ? 0 : Math.min(1, Math.max(0, ((x - a[0]) * dx + (z - a[2]) * dz) / square))
  return [a[0] + share * dx, a[1] + share * (b[1] - a[1]), a[2] + share * dz]
}

/** The edges of a site round a node; nothing is seen before `lay`. */
export function makeEdges(hazards: readonly Hazard[], node: SceneNode, origin: GeoPoint): Edges {
  const lines = edgeLines(hazards, node, origin)
  const group = new Group()
  const drawn = lines.map((line) => makeLine(line.points))
  for (const line of drawn) group.add(line)
  group.visible = false
  let laid = false
  let word: Sprite | null = null
  let said: Hazard | null = null
  const say = (near: NearestEdge): void => {
    if (said !== near.hazard) {
      disposeWord(word)
      word = makeWord(near.hazard.name)
      said = near.hazard
      group.add(word)
    }
    word?.position.set(near.at[0], near.at[1] + WORD_ABOVE_M, near.at[2])
  }
  return {
    group,
    lay(position, turn, ground_m) {
      laid = true
      group.position.set(position[0], ground_m, position[2])
      group.quaternion.set(...turn)
      group.updateMatrixWorld(true)
    },
    show(eye) {
      const { x, y, z } = group.worldToLocal(group.position.clone().set(...eye))
      const near = laid ? nearestEdge(lines, [x, y, z]) : null
      group.visible = near !== null && near.away_m <= SHOWN_M
      if (near === null || !group.visible) return near
      for (const [i, line] of drawn.entries()) line.visible = lines[i]?.hazard === near.hazard
      say(near)
      return near
    },
    takeAway() {
      laid = false
      group.visible = false
    },
    dispose() {
      disposeWord(word)
      for (const mesh of drawn.flatMap((line) => line.children as Mesh[])) {
        mesh.geometry.dispose()
        ;(mesh.material as MeshBasicMaterial).dispose()
      }
    }
  }
}

/** A line as a person paints one on the ground: vermilion, with a light border that is seen on any ground. */
function makeLine(points: readonly Point3[]): Group {
  const line = new Group()
  for (const [order, { wide_m, high_m, colour }] of LINES.entries()) {
    const geometry = new BufferGeometry()
    geometry.setAttribute('position', new Float32BufferAttribute(ribbon(points, wide_m, high_m), 3))
    const mesh = new Mesh(geometry, new MeshBasicMaterial({ color: colour, side: 2, toneMapped: false }))
    mesh.renderOrder = order - LINES.length - 1 // before the buildings, which must not hide where one must not step
    line.add(mesh)
  }
  return line
}

/** Two triangles for each piece of a line, flat on the ground. */
function ribbon(points: readonly Point3[], wide_m: number, high_m: number): number[] {
  const corners: number[] = []
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, b] = [points[i] as Point3, points[i + 1] as Point3]
    const long_m = Math.hypot(b[0] - a[0], b[2] - a[2]) || 1
    const [ox, oz] = [((b[2] - a[2]) / long_m) * (wide_m / 2), ((a[0] - b[0]) / long_m) * (wide_m / 2)]
    const side = (p: Point3, sign: number): Point3 => [p[0] + sign * ox, p[1] + high_m, p[2] + sign * oz]
    for (const [point, sign] of [
      [a, 1],
      [a, -1],
      [b, 1],
      [b, 1],
      [a, -1],
      [b, -1]
    ] as [Point3, number][]) {
      corners.push(...side(point, sign))
    }
  }
  return corners
}

/** A word that faces the visitor, on a vermilion ground. */
function makeWord(name: string): Sprite {
  const canvas = document.createElement('canvas')
  const pen = canvas.getContext('2d')
  const font = `600 48px ${getComputedStyle(document.body).fontFamily}`
  if (pen !== null) {
    pen.font = font
    canvas.width = Math.ceil(pen.measureText(name).width) + 48
    canvas.height = 80
    pen.fillStyle = '#b7371f'
    pen.fillRect(0, 0, canvas.width, canvas.height)
    pen.font = font // a canvas that gets another size forgets it
    pen.fillStyle = '#f7f3ea'
    pen.textBaseline = 'middle'
    pen.fillText(name, 24, canvas.height / 2)
  }
  const map = new CanvasTexture(canvas)
  map.colorSpace = SRGBColorSpace
  const material = new SpriteMaterial({ map, depthTest: false, toneMapped: false })
  const word = new Sprite(material)
  word.scale.set((WORD_HIGH_M * canvas.width) / Math.max(1, canvas.height), WORD_HIGH_M, 1)
  word.renderOrder = 3
  return word
}

function disposeWord(word: Sprite | null): void {
  word?.material.map?.dispose()
  word?.material.dispose()
  word?.removeFromParent()
}
