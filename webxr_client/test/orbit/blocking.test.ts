import { BoxGeometry, BufferGeometry, Float32BufferAttribute, Group, Mesh, Raycaster, Vector3 } from 'three'
import { describe, expect, it } from 'vitest'
import { isBetween, trianglesOf } from '../../src/orbit/blocking'

/** Two boxes, one turned and scaled within the other, in a group that stands somewhere. */
function build(): { group: Group; model: Group } {
  const model = new Group()
  const box = new Mesh(new BoxGeometry(2, 1, 3))
  const tower = new Mesh(new BoxGeometry(1, 4, 1).toNonIndexed())
  tower.position.set(1, 1, 0)
  tower.rotation.set(0.2, 0.7, 0)
  tower.scale.set(1, 1, 0.5)
  box.add(tower)
  model.add(box)
  const group = new Group()
  group.position.set(30, 2, -7)
  group.rotation.y = 1.1
  group.add(model)
  group.updateWorldMatrix(true, true)
  return { group, model }
}

describe('what stands between two points', () => {
  it('is what three finds, from any side', () => {
    const { group, model } = build()
    let random = 1
    const next = (): number => {
      random = (random * 48_271) % 2_147_483_647
      return random / 2_147_483_647 - 0.5
    }
    const raycaster = new Raycaster()
    const found = { between: 0, free: 0 }
    for (let i = 0; i < 400; i++) {
      const from = new Vector3(8 * next(), 8 * next(), 8 * next()).setLength(6)
      const to = new Vector3(5 * next(), 5 * next(), 5 * next())
      const [eye, point] = [group.localToWorld(from.clone()), group.localToWorld(to.clone())]
      const ray = point.clone().sub(eye)
      raycaster.far = ray.length() * 0.97
      raycaster.set(eye, ray.normalize())
      // three sees the outer sides only; from outside any way in passes one
      const right = raycaster.intersectObject(model, true).length > 0
      expect(isBetween(trianglesOf(model), from, to, 0.97)).toBe(right)
      found[right ? 'between' : 'free'] += 1
    }
    expect(Math.min(found.between, found.free)).toBeGreaterThan(50)
  })

  it('leaves out what lies behind either of them, at the end of the way, and flat triangles', () => {
    const geometry = new BufferGeometry()
    geometry.setAttribute(
      'position',
      new Float32BufferAttribute([-1, -1, 0, 1, -1, 0, 0, 2, 0, 5, 0, 0, 5, 0, 0, 5, 1, 0], 3)
    )
    const triangles = trianglesOf(new Mesh(geometry))
    expect(triangles).toHaveLength(18)
    const at = (z: number): Vector3 => new Vector3(0, 0, z)
    expect(isBetween(triangles, at(1), at(-1), 1)).toBe(true)
    expect(isBetween(triangles, at(-1), at(1), 1)).toBe(true)
    expect(isBetween(triangles, at(1), at(0.5), 1)).toBe(false)
    expect(isBetween(triangles, at(-0.5), at(-1), 1)).toBe(false)
    expect(isBetween(triangles, at(1), at(-0.01), 0.97)).toBe(false)
    expect(isBetween(triangles, new Vector3(5, 0.5, 1), new Vector3(5, 0.5, -1), 1)).toBe(false)
  })
})
