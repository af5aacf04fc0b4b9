import { Window } from 'happy-dom'
import { expect, test } from 'vitest'
import { readMarks } from '../../src/picking'
import { sayPlace } from '../../src/place-said'
import { PlaceState } from '../../src/place-state'
import type { Pose } from '../../src/plan'
import { readBox, readPath, readPlan } from '../../src/surroundings'

const FALLBACK: Pose = { lat: 32.7, lon: 129.8, h: 34.5, heading_deg: 0 }

function makePage(html: string): Document {
  const page = new Window().document
  page.body.innerHTML = html
  return page as unknown as Document
}

function makeState(values: Record<string, string> = {}): { state: PlaceState; form: HTMLFormElement; heard: string[] } {
  const typed = { lat: '32.7437000', lon: '129.8723000', h: '36', floor_h: '1.50', heading_deg: '90', ...values }
  const inputs = Object.entries(typed).map(([id, value]) => `<input id="${id}" value="${value}">`)
  const form = makePage(`<form>${inputs.join('')}</form>`).querySelector('form') as HTMLFormElement
  const state = new PlaceState(form, 34.5, FALLBACK)
  const heard: string[] = []
  state.listen((pose, source) => heard.push(`${source} ${pose.h} ${pose.heading_deg}`))
  return { state, form, heard }
}

function type(form: HTMLFormElement, id: string, value: string): void {
  const input = form.querySelector(`#${id}`) as HTMLInputElement
  input.value = value
  const { Event } = form.ownerDocument.defaultView as unknown as { Event: typeof globalThis.Event }
  input.dispatchEvent(new Event('input', { bubbles: true }))
}

const textOf = (form: HTMLFormElement, id: string): string => (form.querySelector(`#${id}`) as HTMLInputElement).value

test('what is typed is heard, and both heights stay one', () => {
  const { state, form, heard } = makeState()
  expect(state.pose).toEqual({ lat: 32.7437, lon: 129.8723, h: 36, heading_deg: 90 })
  type(form, 'floor_h', '2,25')
  expect(textOf(form, 'h')).toBe('36.75')
  type(form, 'h', '34.4')
  expect(textOf(form, 'floor_h')).toBe('-0.10')
  expect(heard).toEqual(['fields 36.75 90', 'fields 34.4 90'])
})

test('what is no number changes nothing until it is one', () => {
  const { state, form, heard } = makeState()
  type(form, 'floor_h', 'high')
  expect([textOf(form, 'h'), heard.length]).toEqual(['36', 1])
  type(form, 'lat', '')
  expect([state.pose.lat, heard.length]).toEqual([32.7437, 1])
  expect(makeState({ lat: '' }).state.pose).toEqual(FALLBACK)
})

test('what is dragged stands in the fields, and all hear who did it', () => {
  const { state, form, heard } = makeState()
  state.put({ lat: 32.74380001, lon: 129.8724, h: 36.05, heading_deg: 12.5 }, 'ground')
  expect(['lat', 'lon', 'h', 'floor_h', 'heading_deg'].map((id) => textOf(form, id))).toEqual([
    '32.7438000',
    '129.8724000',
    '36.05',
    '1.55',
    '12.5'
  ])
  expect(heard).toEqual(['ground 36.05 12.5'])
})

const WORDS = {
  said: '{east}, {north}; {heading}° {direction}; {floor} m',
  directions: ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'],
  east: '{m} east',
  west: '{m} west',
  north: '{m} north',
  south: '{m} south'
}

test.each([
  [{ ...FALLBACK, lat: 32.7001, lon: 129.8002, h: 35 }, '20.0 east, 10.0 north; 0° n; 0.50 m'],
  [{ ...FALLBACK, lat: 32.6999, lon: 129.7998, heading_deg: 338, h: 34.4 }, '20.0 west, 10.0 south; 338° n; -0.10 m'],
  [{ ...FALLBACK, heading_deg: 130 }, '0.0 east, 0.0 north; 130° se; 0.00 m']
])('a place is said in words', (pose, said) => {
  expect(sayPlace(pose, { lat: 32.7, lon: 129.8, x_per_deg: 100_000, y_per_deg: 100_000 }, 34.5, WORDS)).toBe(said)
})

test('what the plan shows is read from its drawing', () => {
  const page = makePage(`<svg id="plan" data-min="-1.5 0 -2" data-max="1 5.25 2">
    <path class="outline then" d="M-1.0 2.5L3.0 4.0L5.0 -6.0Z"/><path class="outline now" d="M0 0L1 1Z"/>
    <path class="neighbour building" d="M0.50 0L1 1L2 2Z" data-low="0.00" data-high="6.50"><title>Kitchen</title></path>
    <g class="mark"><circle cx="3.5" cy="-4"/><text>Gate</text></g></svg>`)
  const plan = page.querySelector('svg') as SVGSVGElement
  const { outlines, prisms, marks } = readPlan(plan)
  expect(outlines.map(({ lost }) => lost)).toEqual([true, false])
  expect(outlines[0]?.ring).toEqual([
    [-1, 2.5],
    [3, 4],
    [5, -6]
  ])
  expect(prisms).toEqual([
    {
      kind: 'building',
      name: 'Kitchen',
      ring: [
        [0.5, 0],
        [1, 1],
        [2, 2]
      ],
      low_m: 0,
      high_m: 6.5
    }
  ])
  expect(marks).toEqual([{ name: 'Gate', at: [3.5, -4] }])
  expect(readBox(plan.dataset)).toEqual({ min: [-1.5, 0, -2], max: [1, 5.25, 2] })
  expect(readPath('')).toEqual([])
})

test('spots that are filled in are marked, with where they were measured', () => {
  const spot = (name: string, ...values: string[]): string =>
    `<fieldset data-spot><legend>${name}</legend>${['x', 'y', 'z']
      .map((axis, i) => `<input data-axis="${axis}" value="${values[i] ?? ''}">`)
      .join('')}</fieldset>`
  const html = `<form>${spot('One', '1', '2,5', '-3')}${spot('Two', '1', '')}${spot('Three', '4', '5', '6')}</form>`
  const form = makePage(html).querySelector('form') as HTMLFormElement
  expect(
    readMarks(form, [
      [
        [1, 2.5, -3],
        [1, 2.4, -3]
      ]
    ])
  ).toEqual([
    { name: 'One', at: [1, 2.5, -3], to: [1, 2.4, -3] },
    { name: 'Three', at: [4, 5, 6], to: null }
  ])
})
