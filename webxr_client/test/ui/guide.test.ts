// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { reduce, START, type VisitState } from '../../src/state'
import { createGuide } from '../../src/ui/guide'
import type { Landmark, Path, SiteDocument } from '../../src/wire'
import { at, experience, GATE, site, wordsIn } from './builders'

const WORDS = wordsIn('en')
const HOUSE: Landmark = { ...GATE, id: 'house', name: 'House', lat: 32.7431, lon: 129.872 }
const STORE: Landmark = { ...GATE, id: 'store', name: 'Store', lat: 32.744, lon: 129.8732 }

function get(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector)
  if (element === null) throw new Error(`no ${selector}`)
  return element
}

/** A visitor at a place of a site where the gate has something on. */
function standing(lat: number, lon: number, values: Partial<SiteDocument> = {}): VisitState {
  const document = { ...site([experience()]), landmarks: [GATE, HOUSE, STORE], ...values }
  const loaded = reduce(START, { type: 'site_loaded', site: document, at: at('2026-12-05T18:30') })
  const fix = { lat, lon, accuracy_m: 5 }
  return reduce(loaded, { type: 'position_changed', position: { kind: 'granted', fix } })
}

function face(heading_deg: number): void {
  const event = new Event('deviceorientationabsolute')
  // upright, the back of the phone to the heading
  Object.assign(event, { alpha: 360 - heading_deg, beta: 90, gamma: 0, absolute: true })
  window.dispatchEvent(event)
}

describe('the way to the next landmark', () => {
  beforeEach(() => {
    document.body.innerHTML =
      '<p id="news"></p><p id="hazard" hidden></p><main></main><section id="guide" hidden></section>'
  })

  test('leads to where something is on, by the winds while there is no compass', () => {
    createGuide(window, WORDS).show(document, standing(32.7434, 129.872))
    expect(get('.where').textContent).toContain('To Water Gate: about 65 m')
    expect(get('.direction').textContent).toBe('It lies to the north.')
    expect(get('.arrow').classList.contains('by-north')).toBe(true)
  })

  test('says on which side it lies once the compass speaks, corrected by the declination', () => {
    const guide = createGuide(window, WORDS)
    guide.show(document, standing(32.7434, 129.872))
    face(7.8) // magnetic; true north
    expect(get('.direction').textContent).toBe(WORDS('guide_ahead'))
    expect(get('.arrow').style.getPropertyValue('rotate')).toBe('0deg')
    face(97.8)
    expect(get('.direction').textContent).toBe(WORDS('guide_left'))
  })

  test('goes on to the next once one is reached, and another can be asked for', () => {
    const guide = createGuide(window, WORDS)
    guide.show(document, standing(32.744, 129.872))
    expect(get('.where').textContent).toContain('To House')
    get('#guide button').click()
    expect(get('.where').textContent).toContain('To Store')
    get('#guide button').click()
    expect(get('.where').textContent).not.toContain('To Store')
  })

  test('tells steps of the path from where the visitor stands, and when nobody knows', () => {
    const path: Path = {
      id: 'gate-house',
      from: 'gate',
      to: 'house',
      points: [],
      length_m: 103,
      steps: 3,
      slope_percent: 6,
      note: null
    }
    createGuide(window, WORDS).show(document, standing(32.744, 129.872, { paths: [path] }))
    expect(get('.path').textContent).toBe('On foot about 105 m. 3 steps on the way. A slope of up to 6 %.')
    get('#guide').replaceChildren()
    delete get('#guide').dataset['target']
    createGuide(window, WORDS).show(document, standing(32.744, 129.872, { paths: [{ ...path, steps: null }] }))
    expect(get('.path').textContent).toContain(WORDS('guide_steps_unknown'))
  })

  test('is silent far away and without a position, and stops listening then', () => {
    const removed = vi.spyOn(AbortController.prototype, 'abort')
    const guide = createGuide(window, WORDS)
    guide.show(document, standing(32.744, 129.872))
    guide.show(document, standing(32.9, 129.872))
    expect(get('#guide').hidden).toBe(true)
    expect(removed).toHaveBeenCalled()
    guide.show(document, START)
    expect(get('#guide').hidden).toBe(true)
  })

  test('warns once at the edge of the water, and again only after leaving it', () => {
    const line: [number, number][] = [
      [32.74405, 129.87],
      [32.74405, 129.874]
    ]
    const hazards = [{ id: 'q', kind: 'quay' as const, lines: [line], name: '' }]
    const guide = createGuide(window, WORDS)
    guide.show(document, standing(32.744, 129.872, { hazards }))
    expect(get('#hazard').textContent).toBe(WORDS('hazard_quay'))
    get('#news').textContent = ''
    guide.show(document, standing(32.74401, 129.872, { hazards }))
    expect(get('#news').textContent).toBe('')
    guide.show(document, standing(32.7435, 129.872, { hazards }))
    expect(get('#hazard').hidden).toBe(true)
    guide.show(document, standing(32.744, 129.872, { hazards }))
    expect(get('#news').textContent).toBe(WORDS('hazard_quay'))
  })
})
