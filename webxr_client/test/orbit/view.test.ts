import { Vector3 } from 'three'
import { beforeEach, expect, test, vi } from 'vitest'
import { cornersOf, extentOf } from '../../src/orbit/frame'
import { View } from '../../src/orbit/view'

const HOUSE = extentOf(cornersOf({ min: [-10, 0, -5], max: [10, 8, 5] }))
const NONE = { top_px: 0, bottom_px: 0 }
const BUTTONS = { top_px: 60, bottom_px: 300 }
const LONGER_THAN_ANY_MS = 1000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  return () => vi.useRealTimers()
})

/** A view of the house on a tall phone. */
function look({ still = false } = {}): { view: View; onChange: ReturnType<typeof vi.fn> } {
  const canvas = Object.assign(new EventTarget(), {
    style: {},
    ownerDocument: new EventTarget(),
    getRootNode: () => new EventTarget()
  })
  const onChange = vi.fn()
  const view = new View(canvas as unknown as HTMLCanvasElement, still, onChange)
  view.resize(390, 844, NONE)
  view.frame(HOUSE, 30)
  return { view, onChange }
}

/** Let so much time go by in frames; where the house's middle and top are seen after each, as shares of half the view. */
function watch(view: View, passed_ms: number): { middle: number; top: number }[] {
  const seen = []
  for (let spent_ms = 0; spent_ms < passed_ms; spent_ms += 16) {
    vi.advanceTimersByTime(16)
    view.update(performance.now())
    seen.push(seenBy(view))
  }
  return seen
}

function seenBy({ camera }: View): { middle: number; top: number } {
  camera.updateMatrixWorld()
  const [x, , z] = HOUSE.middle
  return {
    middle: new Vector3(...HOUSE.middle).project(camera).y,
    top: new Vector3(x, 8, z).project(camera).y
  }
}

/** How the house is seen by a view that was laid out like this from the start. */
function laidOut(covered: typeof NONE): { middle: number; top: number } {
  const { view } = look()
  view.resize(390, 844, covered)
  return seenBy(view)
}

test('the scene slides to its new place in small steps and ends where a view laid out so has it', () => {
  const { view } = look()
  const before = seenBy(view)
  view.slideTo(BUTTONS)
  const seen = watch(view, LONGER_THAN_ANY_MS)
  const way = laidOut(BUTTONS).middle - before.middle
  expect(way).toBeGreaterThan(0.2)
  const steps = seen.map(({ middle }, i) => middle - (seen[i - 1] ?? before).middle)
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(-1e-9)
  expect(Math.max(...steps)).toBeLessThan(way / 3)
  expect(seen.at(-1)?.middle).toBeCloseTo(laidOut(BUTTONS).middle, 9)
  expect(seen.at(-1)?.top).toBeCloseTo(laidOut(BUTTONS).top, 9)
})

test('it says that it moves as long as it does, and is at rest afterwards', () => {
  const { view } = look()
  view.slideTo(BUTTONS)
  vi.advanceTimersByTime(16)
  expect(view.update(performance.now())).toBe(true)
  watch(view, LONGER_THAN_ANY_MS)
  expect(view.update(performance.now())).toBe(false)
})

test('who wants no movement has it there at once', () => {
  const { view, onChange } = look({ still: true })
  onChange.mockClear()
  view.slideTo(BUTTONS)
  expect(seenBy(view).middle).toBeCloseTo(laidOut(BUTTONS).middle, 9)
  expect(onChange).toHaveBeenCalled()
})

test('told the same again on the way, it does not begin anew', () => {
  const { view } = look()
  view.slideTo(BUTTONS)
  watch(view, 160)
  view.slideTo({ ...BUTTONS })
  watch(view, 160)
  expect(seenBy(view).middle).toBeCloseTo(laidOut(BUTTONS).middle, 9)
})

test('told another place on the way, it goes on from where it is', () => {
  const { view } = look()
  view.slideTo(BUTTONS)
  watch(view, 96)
  const between = seenBy(view).middle
  view.slideTo(NONE)
  const [first] = watch(view, 16)
  expect(Math.abs((first?.middle ?? 1) - between)).toBeLessThan(between / 2)
  watch(view, LONGER_THAN_ANY_MS)
  expect(seenBy(view).middle).toBeCloseTo(laidOut(NONE).middle, 9)
})

test('a phone turned on the way ends the slide: its layout is another one', () => {
  const { view } = look()
  view.slideTo(BUTTONS)
  watch(view, 96)
  view.resize(844, 390, NONE)
  const turned = seenBy(view)
  const seen = watch(view, LONGER_THAN_ANY_MS)
  expect(seen.at(-1)?.middle).toBeCloseTo(turned.middle, 9)
})

test('a view turned by hand keeps its distance while it slides', () => {
  const { view } = look()
  view.turn(40, 10)
  watch(view, LONGER_THAN_ANY_MS)
  const away_m = view.camera.position.distanceTo(new Vector3(...HOUSE.middle))
  view.slideTo(BUTTONS)
  watch(view, LONGER_THAN_ANY_MS)
  expect(view.camera.position.distanceTo(new Vector3(...HOUSE.middle))).toBeCloseTo(away_m, 6)
})
