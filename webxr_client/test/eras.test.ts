import { BoxGeometry, Group, Mesh, MeshStandardMaterial } from 'three'
import { describe, expect, test } from 'vitest'
import { eraAt, firstPlace, shareOf, sharesAt } from '../src/eras'
import { dissolve } from '../src/orbit/dissolve'
import type { Era, SceneDocument, SceneNode } from '../src/wire'

const ERAS: Era[] = [1699, 1820, 2026].map((year) => ({ id: String(year), year, label: String(year) }))

function node(eras: string[]): SceneNode {
  return { eras } as SceneNode
}

describe('the slider', () => {
  test('at an era shows that one alone, and between two a share of each', () => {
    expect([...sharesAt(ERAS, 1)]).toEqual([
      ['1699', 0],
      ['1820', 1],
      ['2026', 0]
    ])
    const [before, after] = [sharesAt(ERAS, 1.25).get('1820'), sharesAt(ERAS, 1.25).get('2026')]
    expect([before, after]).toEqual([0.75, 0.25])
  })

  test('says the era it is nearest to, also beyond its ends', () => {
    expect([-1, 0.4, 0.6, 5].map((place) => eraAt(ERAS, place)?.id)).toEqual(['1699', '1699', '1820', '2026'])
  })

  test('begins at the era of what the scene is about', () => {
    expect(firstPlace({ eras: ERAS, nodes: [node(['1820'])] } as SceneDocument)).toBe(1)
    expect(firstPlace({ eras: ERAS, nodes: [node([])] } as SceneDocument)).toBe(0)
    expect(firstPlace({ eras: ERAS, initial_era: '2026', nodes: [node(['1820'])] } as SceneDocument)).toBe(2)
  })
})

describe('a node', () => {
  test('of no era always stands, one of both stays whole while they change', () => {
    expect(shareOf(node([]), sharesAt(ERAS, 2))).toBe(1)
    expect(shareOf(node(['1699', '1820']), sharesAt(ERAS, 0.5))).toBe(1)
    expect(shareOf(node(['1699']), sharesAt(ERAS, 0.75))).toBeCloseTo(0.25)
    expect(shareOf(node(['1699']), null)).toBe(1)
  })

  test('fades behind its own depth, and is solid again at its era', () => {
    const material = new MeshStandardMaterial()
    const model = new Group().add(new Mesh(new BoxGeometry(), material))
    dissolve(model, 0.4)
    dissolve(model, 0.6) // the slider moves on
    expect([material.transparent, material.opacity, model.children[0]?.children.length]).toEqual([true, 0.6, 1])
    dissolve(model, 1)
    expect([material.transparent, material.opacity, model.children[0]?.children.length]).toEqual([false, 1, 0])
  })
})
