// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { readLines, setUpPicking } from '../../src/place-pick'

const MAP =
  '<figure><svg data-pick="x" data-lat="32.7" data-lon="129.8" data-x="100000" data-y="100000"><g class="typed spot" hidden></g></svg></figure>'

function makeForm(fields: string): HTMLFormElement {
  document.body.innerHTML = `<form>${fields}${MAP}</form>`
  const form = document.querySelector('form') as HTMLFormElement
  setUpPicking(form)
  return form
}

function type(form: HTMLFormElement, name: string, value: string): void {
  const field = form.querySelector(`[name=${name}]`) as HTMLInputElement
  field.value = value
  field.dispatchEvent(new Event('input', { bubbles: true }))
}

function tap(form: HTMLFormElement, x: number, y: number): void {
  const map = form.querySelector('svg') as SVGSVGElement
  map.getScreenCTM = () => new DOMMatrix([2, 0, 0, 2, 0, 0]) // two pixels a metre
  map.dispatchEvent(new MouseEvent('click', { clientX: x, clientY: y, bubbles: true }))
}

test('the mark of a landmark stands where the numbers say, and nowhere while they cannot be read', () => {
  const form = makeForm('<input name="lat"><input name="lon">')
  const mark = form.querySelector('.spot') as SVGGElement
  type(form, 'lat', '32.7001')
  expect(mark.hasAttribute('hidden')).toBe(true)
  type(form, 'lon', '129.8002')
  expect(mark.hasAttribute('hidden')).toBe(false)
  const [x, y] = (mark.getAttribute('transform') ?? '').match(/-?[\d.]+/g)?.map(Number) ?? []
  expect(x).toBeCloseTo(20)
  expect(y).toBeCloseTo(-10)
  type(form, 'lat', '')
  expect(mark.hasAttribute('hidden')).toBe(true)
})

test('a tap on the map fills in latitude and longitude', () => {
  const form = makeForm('<input name="lat"><input name="lon">')
  tap(form, 40, 20)
  const said = [...form.querySelectorAll('input')].map((field) => field.value)
  expect(said).toEqual(['32.6999000', '129.8002000'])
})

test('a tap on the map adds a point to a line, which is drawn', () => {
  const form = makeForm('<textarea name="points">32.7, 129.8</textarea>')
  tap(form, 20, 0)
  tap(form, 40, 0)
  const field = form.querySelector('textarea') as HTMLTextAreaElement
  expect(field.value).toBe('32.7, 129.8\n32.7000000, 129.8001000\n32.7000000, 129.8002000\n')
  expect(form.querySelectorAll('.typed.line')).toHaveLength(1)
})

test('lines are told apart by an empty line, and what cannot be read is left out', () => {
  expect(readLines('1, 2\n3 4\nx\n\n5,6\n7,8')).toEqual([
    [
      { lat: 1, lon: 2 },
      { lat: 3, lon: 4 }
    ],
    [
      { lat: 5, lon: 6 },
      { lat: 7, lon: 8 }
    ]
  ])
})
