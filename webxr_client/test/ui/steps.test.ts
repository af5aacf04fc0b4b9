// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type Action, reduce, START, type VisitState } from '../../src/state'
import { showArrival } from '../../src/ui/arrival'
import { IDLE_MS } from '../../src/ui/idle'
import { isSparing } from '../../src/ui/scene-view'
import { laySpots } from '../../src/ui/spots'
import type { Visit } from '../../src/ui/visit'
import { createWalk } from '../../src/ui/walk'
import type { Hotspot } from '../../src/wire'
import { at, experience, PLAIN_PHONE, site, wordsIn } from './builders'

const WORDS = wordsIn('en')
const AT_GATE = { lat: 32.744, lon: 129.872, accuracy_m: 6 }

function get(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector)
  if (element === null) throw new Error(`no ${selector}`)
  return element
}

/** A visit over the real reducer, without the network around it. */
function openVisit(): Visit & { state: VisitState; before: VisitState } {
  const visit = {
    state: START,
    before: START,
    io: { fetch, clock: { now: () => 0, learn: () => undefined } },
    site: 'dejima',
    language: 'en',
    dispatch(action: Action) {
      visit.before = visit.state
      visit.state = reduce(visit.state, action)
    },
    listen: () => undefined,
    isPreview: false,
    consentChanged: () => undefined,
    tell: () => undefined,
    trouble: () => undefined
  }
  return visit
}

/** The sensor is what a test may stand in for: hears the page's question and answers it. */
function fakeGeolocation(): { answer: PositionCallback | null; refuse: PositionErrorCallback | null; cleared: number } {
  const sensor = { answer: null, refuse: null, cleared: 0 } as ReturnType<typeof fakeGeolocation>
  vi.stubGlobal('navigator', {
    geolocation: {
      watchPosition(answer: PositionCallback, refuse: PositionErrorCallback) {
        sensor.answer = answer
        sensor.refuse = refuse
        return 7
      },
      clearWatch: () => {
        sensor.cleared += 1
      }
    }
  })
  return sensor
}

function positionOf({ lat, lon, accuracy_m }: typeof AT_GATE): GeolocationPosition {
  return { coords: { latitude: lat, longitude: lon, accuracy: accuracy_m } } as GeolocationPosition
}

describe('the step that asks for the position', () => {
  let visit: ReturnType<typeof openVisit>
  let sensor: ReturnType<typeof fakeGeolocation>
  const press = (word: string): void => {
    const button = [...document.querySelectorAll('button')].find(({ textContent }) => textContent === WORDS(word))
    if (button === undefined) throw new Error(`no button ${word}`)
    button.click()
  }

  beforeEach(() => {
    sessionStorage.clear()
    document.body.innerHTML = '<div id="walk" hidden></div>'
    visit = openVisit()
    sensor = fakeGeolocation()
    visit.dispatch({ type: 'site_loaded', site: site([experience()]), at: at('2026-12-05T12:00') })
  })

  function open() {
    const walk = createWalk(visit, WORDS, sessionStorage)
    walk.show(document, visit.state)
    return walk
  }

  test('explains before the browser asks: nothing is asked when a page opens', () => {
    open()
    expect(get('.sentence').textContent).toBe(WORDS('walk_text'))
    expect(sensor.answer).toBeNull()
  })

  test('asks on a tap, and says how sure the position is', () => {
    const walk = open()
    press('walk_use')
    walk.show(document, visit.state)
    expect(get('.sentence').textContent).toBe(WORDS('walk_asking'))
    sensor.answer?.(positionOf(AT_GATE))
    walk.show(document, visit.state)
    expect(get('.sentence').textContent).toBe('Using your position (to about 6 m).')
    sensor.answer?.(positionOf({ ...AT_GATE, accuracy_m: 120 }))
    walk.show(document, visit.state)
    expect(get('.sentence').textContent).toContain('still vague (about 120 m)')
    sensor.answer?.(positionOf({ lat: 32.7737, lon: 129.872, accuracy_m: 10 }))
    walk.show(document, visit.state)
    expect(get('.sentence').textContent).toContain('You are about 3.3 km from Dejima')
  })

  test('is switched off after three minutes without use; a walk counts as use, and a tap begins it again', () => {
    vi.useFakeTimers()
    const walk = open()
    press('walk_use')
    sensor.answer?.(positionOf(AT_GATE))
    vi.advanceTimersByTime(IDLE_MS - 1)
    sensor.answer?.(positionOf({ ...AT_GATE, lat: AT_GATE.lat + 0.0003 })) // 33 m on
    vi.advanceTimersByTime(IDLE_MS - 1)
    expect(sensor.cleared).toBe(0)
    vi.advanceTimersByTime(1)
    walk.show(document, visit.state)
    expect(sensor.cleared).toBe(1)
    expect(visit.state.fix).toBeNull()
    expect(get('.sentence').textContent).toBe(WORDS('walk_idle'))
    press('walk_use')
    walk.show(document, visit.state)
    expect(get('.sentence').textContent).toBe(WORDS('walk_asking'))
    vi.useRealTimers()
  })

  test('can be declined, is then not asked again on the next page, and can still be begun', async () => {
    const walk = open()
    press('walk_decline')
    walk.show(document, visit.state)
    expect(get('.sentence').textContent).toBe(WORDS('walk_denied'))
    expect(sensor.answer).toBeNull()
    const next = openVisit()
    await createWalk(next, WORDS, sessionStorage).resume()
    expect(next.state.location).toBe('declined')
    press('walk_use')
    expect(sensor.answer).not.toBeNull()
  })

  test('a refusal in the browser leaves every way open', () => {
    const walk = open()
    press('walk_use')
    sensor.refuse?.({ code: 1 } as GeolocationPositionError)
    walk.show(document, visit.state)
    expect(get('.sentence').textContent).toBe(WORDS('walk_denied'))
    press('walk_again')
    expect(visit.state.location).toBe('asking')
  })

  test('goes on by itself on the next page of a visit, and stops when told to', async () => {
    sessionStorage.setItem('walk', 'on')
    const walk = createWalk(visit, WORDS, sessionStorage)
    await walk.resume()
    sensor.answer?.(positionOf(AT_GATE))
    walk.show(document, visit.state)
    press('walk_stop')
    expect(sensor.cleared).toBeGreaterThan(0)
    expect(visit.state.fix).toBeNull()
  })

  test('keeps the keyboard where it was when the step changes under it', () => {
    const walk = open()
    get('button').focus()
    press('walk_use')
    walk.show(document, visit.state)
    expect(document.activeElement?.textContent).toBe(WORDS('walk_stop'))
  })
})

describe('the sheet of a landmark', () => {
  let visit: ReturnType<typeof openVisit>
  const show = (device = PLAIN_PHONE): void => showArrival(document, visit, WORDS, visit.before, device)

  beforeEach(() => {
    document.body.innerHTML =
      '<p id="news"></p><div id="content" tabindex="-1"></div><section id="arrival" hidden></section>'
    vi.stubGlobal('scrollTo', () => undefined)
    visit = openVisit()
    visit.dispatch({ type: 'site_loaded', site: site([experience()]), at: at('2026-12-05T18:30') })
  })

  test('opens where the visitor has come to, with picture, name, sentence, distance and one thing to do', () => {
    visit.dispatch({ type: 'position_changed', position: { kind: 'granted', fix: AT_GATE } })
    show()
    expect(get('#arrival').hidden).toBe(false)
    expect(get('#arrival .here').textContent).toBe('You are here: Water Gate.')
    expect(get('#arrival h2').textContent).toBe('The gate in 1820')
    expect(get('#arrival .away').textContent).toBe('right here')
    expect(document.querySelectorAll('#arrival .primary')).toHaveLength(1)
    expect(get('#arrival .primary').getAttribute('href')).toBe('/en/dejima/xr/gate-1820')
    expect(get('#news').textContent).toBe('You are here: Water Gate.')
  })

  test('names the thing to do for what the device can do', () => {
    visit.dispatch({ type: 'experience_opened', experience: 'gate-1820' })
    show({ ...PLAIN_PHONE, immersiveAr: true })
    expect(get('#arrival .primary').textContent).toBe('See it here')
  })

  test('closes by its button, and the page takes the focus back', () => {
    visit.dispatch({ type: 'experience_opened', experience: 'gate-1820' })
    show()
    get('#arrival button').focus()
    get('#arrival button').click()
    show()
    expect(get('#arrival').hidden).toBe(true)
    expect(document.activeElement?.id).toBe('content')
  })

  test('says when it will be shown where it is not on now', () => {
    visit.dispatch({ type: 'time_passed', at: at('2026-12-05T17:00') })
    visit.dispatch({ type: 'experience_opened', experience: 'gate-1820' })
    show()
    expect(get('#arrival').textContent).toContain('Not shown just now. Starts today at 18:00.')
  })
})

test.each([
  [{ saveData: true }, true],
  [{ effectiveType: 'slow-2g' as const }, true],
  [{ effectiveType: '2g' as const }, true],
  [{ effectiveType: '3g' as const }, false],
  [{ effectiveType: null }, false],
  [{}, false]
])('with %o no model is loaded unasked: %s', (values, sparing) => {
  expect(isSparing({ ...PLAIN_PHONE, ...values })).toBe(sparing)
})

describe('points of a model', () => {
  const told: unknown[] = []
  const visit = { ...openVisit(), tell: (happening: unknown) => void told.push(happening) } as Visit
  const spot: Hotspot = { id: 'roof', node: 'gate', position: [0, 5, 0], title: 'Roof', text: 'Tiles.', media: null }

  beforeEach(() => {
    document.body.innerHTML = '<div id="layer"></div><section id="panel" hidden></section>'
  })

  test('are buttons that follow the model, open their text, and give the focus back', () => {
    const spots = laySpots({ layer: get('#layer'), panel: get('#panel') }, [spot], () => null, WORDS, visit)
    const button = get('#layer button')
    expect(button.getAttribute('aria-label')).toBe('Roof')
    expect(button.hidden).toBe(true)
    spots.place([{ id: 'roof', x_px: 40, y_px: 60, hidden: false }])
    expect([button.hidden, button.style.transform]).toEqual([false, 'translate(40px, 60px)'])
    button.focus()
    button.click()
    expect(told).toEqual([{ type: 'hotspot_opened', hotspot: 'roof' }])
    expect(get('#panel').textContent).toContain('Tiles.')
    expect(document.activeElement?.textContent).toBe('Roof')
    get('#panel').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
    expect(get('#panel').hidden).toBe(true)
    expect(document.activeElement).toBe(button)
  })

  test('one that turns away stays while the keyboard is on it', () => {
    const spots = laySpots({ layer: get('#layer'), panel: get('#panel') }, [spot], () => null, WORDS, visit)
    spots.place([{ id: 'roof', x_px: 40, y_px: 60, hidden: false }])
    const button = get('#layer button')
    button.focus()
    spots.place([{ id: 'roof', x_px: 40, y_px: 60, hidden: true }])
    expect(button.hidden).toBe(false)
    button.blur()
    spots.place([{ id: 'roof', x_px: 40, y_px: 60, hidden: true }])
    expect(button.hidden).toBe(true)
  })
})
