// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { CONSENT_TEXT, setUpConsent } from '../../src/ui/consent-panel'
import { setUpLight } from '../../src/ui/light'
import { showPosition } from '../../src/ui/position'
import { announceTimes, showTimes } from '../../src/ui/times'
import { readWords } from '../../src/ui/words'
import { at, experience, site, state, wordsIn } from './builders'

const WORDS = wordsIn('en')
const CONSENT = ['statistics', 'necessary', 'refused']
  .map((kind) => `<button type="button" data-consent="${kind}">${kind}</button>`)
  .join('')

beforeEach(() => {
  localStorage.clear()
  delete document.documentElement.dataset['light']
  document.body.innerHTML = '<p id="news"></p>'
})

function get(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector)
  if (element === null) throw new Error(`no ${selector}`)
  return element
}

describe('words of a page', () => {
  test('places are filled, and a place nobody fills stays to be seen', () => {
    document.body.innerHTML = '<script type="application/json" id="texts">{"hello":"to {name}, {other}"}</script>'
    expect(readWords(document)('hello', { name: 'Kana' })).toBe('to Kana, {other}')
  })

  test('a key that is not there is a fault and not an empty line', () => {
    expect(() => readWords(document)('nothing')).toThrow('nothing')
  })
})

describe('sunlight', () => {
  beforeEach(() => {
    document.body.innerHTML = '<button id="sunlight" aria-pressed="false" hidden></button>'
  })

  test('one tap changes the page and is remembered, another takes it back', () => {
    setUpLight(document, localStorage)
    expect(get('#sunlight').hidden).toBe(false)
    get('#sunlight').click()
    expect(document.documentElement.dataset['light']).toBe('sunlight')
    expect(get('#sunlight').getAttribute('aria-pressed')).toBe('true')
    setUpLight(document, localStorage) // the next page
    expect(document.documentElement.dataset['light']).toBe('sunlight')
    localStorage.clear()
    setUpLight(document, localStorage)
    expect(document.documentElement.dataset['light']).toBeUndefined()
  })
})

describe('the choice about counting', () => {
  test('is asked while nothing is chosen, and never again after a no', () => {
    document.body.innerHTML = `<section id="consent" hidden>${CONSENT}</section>`
    const changed = vi.fn()
    setUpConsent(document, localStorage, WORDS, changed)
    expect(get('#consent').hidden).toBe(false)
    expect(localStorage.length).toBe(0)
    get('[data-consent="refused"]').click()
    expect(get('#consent').hidden).toBe(true)
    expect(changed).toHaveBeenCalledOnce()
    expect(JSON.parse(localStorage.getItem('consent') ?? '')).toEqual({ state: 'refused', text_version: CONSENT_TEXT })
  })

  test('waits until the question about the position is answered: one thing at a time', () => {
    document.body.innerHTML = `<div id="walk" data-kind="not_asked"></div><section id="consent" hidden>${CONSENT}</section>`
    const look = setUpConsent(document, localStorage, WORDS, () => undefined)
    expect(get('#consent').hidden).toBe(true)
    get('#walk').dataset['kind'] = 'declined'
    look()
    expect(get('#consent').hidden).toBe(false)
  })

  test('is asked again when the text a visitor said yes to has changed', () => {
    document.body.innerHTML = `<section id="consent" hidden>${CONSENT}</section>`
    localStorage.setItem('consent', '{"state":"statistics","text_version":"an older one"}')
    setUpConsent(document, localStorage, WORDS, () => undefined)
    expect(get('#consent').hidden).toBe(false)
  })

  test('on the privacy page is shown, changed, and a yes taken back reads as a no', () => {
    document.body.innerHTML =
      '<p id="news"></p><section id="consent" hidden></section>' +
      `<div id="choice-form" hidden><p id="choice-now"></p>${CONSENT}</div>`
    setUpConsent(document, localStorage, WORDS, () => undefined)
    expect(get('#consent').hidden).toBe(true)
    expect(get('#choice-now').textContent).toBe(WORDS('consent_now_unset'))
    get('[data-consent="statistics"]').click()
    expect(get('[data-consent="statistics"]').getAttribute('aria-pressed')).toBe('true')
    get('[data-consent="refused"]').click()
    expect(get('#choice-now').textContent).toBe(WORDS('consent_now_withdrawn'))
    expect(get('[data-consent="refused"]').getAttribute('aria-pressed')).toBe('true')
    expect(get('#news').textContent).toBe(WORDS('consent_saved'))
  })
})

describe('times on a page', () => {
  const evening = experience()
  const doc = site([evening])
  const before = state({ site: doc, at: at('2026-12-05T17:59:59'), live: [] })
  const after = state({ site: doc, at: at('2026-12-05T18:00:00'), live: [evening.id] })

  test('change state, word and sentence when an experience begins', () => {
    document.body.innerHTML =
      '<p class="when when-later" data-when="gate-1820"><strong class="state-word"></strong> <span class="when-sentence"></span></p>'
    showTimes(document, before, WORDS)
    expect(get('.when').className).toBe('when when-today')
    showTimes(document, after, WORDS)
    expect(get('.when').className).toBe('when when-live')
    expect(get('.when').textContent).toBe('On now On until 21:00.')
  })

  test('are announced once when something begins or ends, and not when a page opens', () => {
    announceTimes(document, after, state(), WORDS)
    expect(get('#news').textContent).toBe('')
    announceTimes(document, after, before, WORDS)
    expect(get('#news').textContent).toBe('“The gate in 1820” has begun.')
    announceTimes(document, before, after, WORDS)
    expect(get('#news').textContent).toBe('“The gate in 1820” has ended.')
  })
})

describe('the position', () => {
  const fix = { lat: 32.7431, lon: 129.872, accuracy_m: 12 }

  beforeEach(() => {
    document.body.innerHTML =
      '<svg viewBox="-120 -100 240 200" data-lat="32.7435" data-lon="129.873" data-x="93526" data-y="111195">' +
      '<g id="me" hidden=""><circle class="sure"></circle></g></svg>' +
      '<a data-landmark="gate"><span data-away="gate"></span></a>'
  })

  test('is drawn with its accuracy as a circle in metres', () => {
    showPosition(document, state({ site: site([]), fix }), WORDS)
    expect(get('#me').hasAttribute('hidden')).toBe(false)
    expect(get('#me').getAttribute('transform')).toBe('translate(-93.5 44.5)')
    expect(get('.sure').getAttribute('r')).toBe('12.0')
  })

  test('is not drawn far away, nor when it is no longer used', () => {
    showPosition(document, state({ site: site([]), fix: { ...fix, lat: 35.7 } }), WORDS)
    expect(get('#me').hasAttribute('hidden')).toBe(true)
    showPosition(document, state({ site: site([]), fix }), WORDS)
    showPosition(document, state({ site: site([]), fix: null }), WORDS)
    expect(get('#me').hasAttribute('hidden')).toBe(true)
    expect(get('[data-away]').textContent).toBe('')
  })

  test('gives every landmark its distance and marks the one the visitor stands at', () => {
    const trigger = { current: 'gate', pending: null }
    showPosition(document, state({ site: site([]), fix, trigger }), WORDS)
    expect(get('[data-away]').textContent).toBe('about 100 m, 1 min on foot')
    expect(get('[data-landmark]').classList.contains('near')).toBe(true)
  })
})
