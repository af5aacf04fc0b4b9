import { describe, expect, test } from 'vitest'
import {
  add,
  begin,
  change,
  findCorner,
  findSide,
  fit,
  MOST_CORNERS,
  move,
  type Row,
  readNumber,
  redo,
  type Sketch,
  sayPlace,
  takeOut,
  undo,
  zoom
} from '../src/outline'

const WHOLE = { x: -100, y: -50, width: 200, height: 100 }
const SQUARE: [number, number][] = [
  [0, 0],
  [10, 0],
  [10, 10],
  [0, 10]
]

function row(name: string): Row {
  return { lat: name, lon: name }
}

function names({ rows }: Sketch): string {
  return rows.map(({ lat }) => lat).join('')
}

describe('corners are drawn one after the other', () => {
  test('taps go on after the marked corner', () => {
    let sketch = ['a', 'b', 'c'].reduce((one, name) => add(one, row(name)), begin([]))
    expect(names(sketch)).toBe('abc')
    sketch = add({ ...sketch, chosen: 0 }, row('x'))
    expect([names(sketch), sketch.chosen]).toEqual(['axbc', 1])
    sketch = add(sketch, row('y'))
    expect(names(sketch)).toBe('axybc')
  })

  test('a corner is moved and taken out, and the next goes where it was', () => {
    let sketch = begin([row('a'), row('b'), row('c')])
    sketch = move(sketch, 1, row('B'))
    expect([names(sketch), sketch.chosen]).toEqual(['aBc', 1])
    sketch = takeOut(sketch, 1)
    expect([names(sketch), sketch.chosen]).toEqual(['ac', 0])
    expect(names(add(sketch, row('d')))).toBe('adc')
    expect(takeOut(begin([]), -1).rows).toEqual([])
    expect(takeOut(begin([row('a'), row('b')]), 0).chosen).toBe(0)
  })

  test('there is an end to corners', () => {
    const full = begin(Array.from({ length: MOST_CORNERS }, (_, at) => row(`${at}`)))
    expect(add(full, row('more'))).toBe(full)
  })
})

describe('every step goes back and forth', () => {
  test('undo and redo, until something else is done', () => {
    const start = begin([row('a')])
    const two = add(start, row('b'))
    const three = add(two, row('c'))
    const back = undo(undo(three))
    expect([names(back), back.past.length, back.future.length]).toEqual(['a', 0, 2])
    expect(undo(back)).toBe(back)
    expect(names(redo(redo(back)))).toBe('abc')
    expect(redo(three)).toBe(three)
    const other = add(undo(three), row('x'))
    expect(names(other)).toBe('abx')
    expect(redo(other)).toBe(other)
  })

  test('what changes nothing is no step, and the mark stays on a corner', () => {
    const start = begin([row('a'), row('b')])
    expect(change(start, [row('a'), row('b')], 0)).toMatchObject({ chosen: 0, past: [] })
    expect(undo(add(start, row('c'))).chosen).toBe(1)
    expect(redo(undo(takeOut(start, 1))).chosen).toBe(0)
  })
})

test('numbers are read as the server reads them', () => {
  expect(readNumber(' ３２.7437 ')).toBe(32.7437)
  expect(readNumber('129,8723')).toBe(129.8723)
  expect(readNumber('−1.5')).toBe(-1.5)
  for (const text of ['', 'here', '1e3', '0x10', '1.2.3']) expect(readNumber(text)).toBeNaN()
  expect(sayPlace({ lat: 32.7437, lon: 129.87230004 })).toEqual({ lat: '32.7437000', lon: '129.8723000' })
})

describe('what is under a finger', () => {
  test('the nearest corner within reach', () => {
    expect(findCorner(SQUARE, [1, 1], 3)).toBe(0)
    expect(findCorner(SQUARE, [9, 8], 3)).toBe(2)
    expect(findCorner(SQUARE, [5, 5], 3)).toBe(-1)
    expect(findCorner([null, [9, 9]], [9, 8], 3)).toBe(1)
    expect(findCorner([], [0, 0], 3)).toBe(-1)
  })

  test('the nearest line within reach, the closing one too', () => {
    expect(findSide(SQUARE, [5, 1], 2)).toBe(0)
    expect(findSide(SQUARE, [1, 5], 2)).toBe(3)
    expect(findSide(SQUARE, [5, 5], 2)).toBe(-1)
    expect(findSide(SQUARE, [14, 0], 2)).toBe(-1) // beyond the end of a line
    expect(findSide([null, ...SQUARE], [0, 5], 2)).toBe(-1)
  })
})

describe('what part of the map is seen', () => {
  test('nearer and farther round the middle, within bounds', () => {
    const near = zoom(WHOLE, 0.5, WHOLE)
    expect(near).toEqual({ x: -50, y: -25, width: 100, height: 50 })
    expect(zoom(near, 2, WHOLE)).toEqual(WHOLE)
    expect(zoom(WHOLE, 100, WHOLE).width).toBe(400)
    expect(zoom(WHOLE, 0.001, WHOLE).width).toBe(5)
  })

  test('all corners with room round them', () => {
    const view = fit(SQUARE, WHOLE, 12)
    expect(view.height / view.width).toBeCloseTo(0.5)
    expect([view.x + view.width / 2, view.y + view.height / 2]).toEqual([5, 5])
    expect(view.height).toBeCloseTo(16)
    expect(fit([], WHOLE)).toBe(WHOLE)
    expect(fit([[3, 4]], WHOLE).width).toBe(40)
  })
})
