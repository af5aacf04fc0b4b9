import { Matrix3, Matrix4, PerspectiveCamera, Quaternion, Vector3 } from 'three'
import { describe, expect, it } from 'vitest'
import { compose, forNormals, lookAt, multiply, project } from '../../src/orbit/matrix4'
import type { Point3 } from '../../src/wire'

const PLACE: Point3 = [3, -2, 7]
const TURN = new Quaternion(0.2, -0.5, 0.1, 0.8).normalize()
const SIZES: Point3 = [1.5, 0.5, 2]

function close(found: readonly number[], right: readonly number[]): void {
  expect(found).toHaveLength(right.length)
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(right[i] ?? Number.NaN, 6)
}

describe('matrices without three', () => {
  const ours = compose(PLACE, TURN.toArray(), SIZES)
  const threes = new Matrix4().compose(new Vector3(...PLACE), TURN, new Vector3(...SIZES))

  it('place, turn and scale as three does, and one after another', () => {
    close(ours, threes.elements)
    const other = compose([0, 1, 0], new Quaternion(0, 0.6, 0, 0.8).toArray())
    close(multiply(ours, other), threes.clone().multiply(new Matrix4().fromArray(other)).elements)
    close(compose(), new Matrix4().elements)
  })

  it('turn normals of what is scaled unevenly', () => {
    const normal = new Vector3(1, 2, -3).normalize()
    const right = normal.clone().applyMatrix3(new Matrix3().getNormalMatrix(threes)).normalize()
    const found = normal
      .clone()
      .applyMatrix3(new Matrix3().fromArray(forNormals(ours)))
      .normalize()
    close(found.toArray(), right.toArray())
  })

  it('see through the same lens as three, also where the picture is raised', () => {
    const camera = new PerspectiveCamera(40, 0.5, 0.1, 60)
    camera.setViewOffset(400, 800, 0, 90, 400, 800)
    camera.position.set(...PLACE)
    camera.lookAt(1, 2, -3)
    camera.updateMatrixWorld()
    close(project(40, 0.5, 90 / 800, 0.1, 60), camera.projectionMatrix.elements)
    close(lookAt(PLACE, [1, 2, -3]), camera.matrixWorldInverse.elements)
  })
})
