/** The ground of a site with its sea wall, its lost outlines, what stands there, and squares of ten metres. */
import { type Color, type Object3D, Vector3 } from 'three'
import type { Around, Flat, Outline, Prism } from '../surroundings'
import { makeMesh, ribbonOf, roofOf, turnedOf, wallsOf } from './shapes'

const WIDE_M = 400
const SQUARE_M = 10
const WALL_M = 0.8 // the outline as a low wall: enough to see where the land ends
const POST: readonly [number, number][] = [
  [0.25, 0],
  [0.25, 0.1],
  [0.06, 0.1],
  [0.06, 1.2],
  [0, 1.2]
]

/** Names and where they are shown. */
export interface Named {
  name: string
  at: Vector3
}

interface Palette {
  plaster: Color
  ink: Color
  tile: Color
  sea: Color
}

/** Lay all of it into a scene; gives the names of what stands there. */
export function layAround(scene: Object3D, around: Around, colour: (name: string) => Color): Named[] {
  const palette = {
    plaster: colour('--plaster'),
    ink: colour('--ink'),
    tile: colour('--tile'),
    sea: colour('--sea')
  }
  const { plaster, tile } = palette
  scene.add(makeMesh(squareOf(WIDE_M, -0.06), plaster.clone().lerp(tile, 0.14), false))
  scene.add(makeMesh(netOf(WIDE_M), plaster.clone().lerp(tile, 0.34), false))
  for (const outline of around.outlines) layOutline(scene, outline, palette)
  for (const prism of around.prisms) layPrism(scene, prism, palette)
  for (const { at } of around.marks) {
    const post = makeMesh(turnedOf(POST, 8), tile, true)
    post.position.set(at[0], 0, at[1])
    scene.add(post)
  }
  return namesOf(around)
}

function layOutline(scene: Object3D, { ring, lost }: Outline, { plaster, ink }: Palette): void {
  scene.add(makeMesh(ribbonOf(ring, lost ? 0.5 : 0.35, 0.01, lost ? 3 : 0), ink, false))
  if (!lost) scene.add(makeMesh(wallsOf(ring, 0, WALL_M), plaster.clone().lerp(ink, 0.45), false, 0.6))
}

/** Buildings of today, and fainter the models of other scenes: seen through, so that none ever hides what is placed. */
function layPrism(scene: Object3D, { kind, ring, low_m, high_m }: Prism, { plaster, tile, sea }: Palette): void {
  const solid = kind === 'building'
  const faces = [...wallsOf(ring, low_m, high_m), ...roofOf(ring, high_m)]
  const face = solid ? plaster.clone().lerp(tile, 0.3) : sea
  scene.add(makeMesh(faces, face, true, solid ? 0.55 : 0.25))
  scene.add(makeMesh(ribbonOf(ring, 0.2, high_m + 0.02), solid ? tile : sea, false))
}

function namesOf({ prisms, marks }: Around): Named[] {
  const named = prisms.map(({ name, ring, high_m }) => ({ name, at: middleOf(ring, high_m + 0.6) }))
  const told = new Set(named.map(({ name }) => name))
  const others = marks.filter(({ name }) => !told.has(name))
  return [...named, ...others.map(({ name, at: [x, z] }) => ({ name, at: new Vector3(x, 1.6, z) }))]
}

function middleOf(ring: readonly Flat[], y: number): Vector3 {
  const sum = ring.reduce(([x, z], corner) => [x + corner[0], z + corner[1]], [0, 0])
  return new Vector3(sum[0] / ring.length, y, sum[1] / ring.length)
}

function squareOf(half_m: number, y: number): number[] {
  return [
    -half_m,
    y,
    -half_m,
    half_m,
    y,
    -half_m,
    half_m,
    y,
    half_m,
    -half_m,
    y,
    -half_m,
    half_m,
    y,
    half_m,
    -half_m,
    y,
    half_m
  ]
}

function netOf(half_m: number): number[] {
  const lines: number[] = []
  for (let at = -half_m; at <= half_m; at += SQUARE_M) {
    const across: Flat[] = [
      [-half_m, at],
      [half_m, at]
    ]
    const along: Flat[] = [
      [at, -half_m],
      [at, half_m]
    ]
    for (const line of [across, along]) lines.push(...ribbonOf(line, 0.08, -0.02, 0, true))
  }
  return lines
}
