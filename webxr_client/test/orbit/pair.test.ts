import { expect, test } from 'vitest'
import { halve } from '../../src/orbit/pair'

test('two views stand beside one another, or on a narrow page one above the other, of the same size', () => {
  expect(halve(1001, 400)).toEqual({
    left: { x: 0, y: 0, width: 500, height: 400 },
    right: { x: 500, y: 0, width: 500, height: 400 }
  })
  expect(halve(358, 601)).toEqual({
    left: { x: 0, y: 0, width: 358, height: 300 },
    right: { x: 0, y: 300, width: 358, height: 300 }
  })
})
