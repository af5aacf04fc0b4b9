// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Stage } from '../../src/orbit/stage'
import { reduce, START, type VisitState } from '../../src/state'
import { layMedia } from '../../src/ui/media'
import { closePanel } from '../../src/ui/panel'
import { isQuietDay } from '../../src/ui/quiet'
import { layTools } from '../../src/ui/scene-tools'
import type { Visit } from '../../src/ui/visit'
import type { Happening, Media, SceneDocument } from '../../src/wire'
import { at, experience, site, wordsIn } from './builders'

const WORDS = wordsIn('en')
const SCENE = {
  id: 'gate',
  initial_era: '1820',
  eras: [
    { id: 'fire', year: 1798, label: '1798', text: 'The fire left bare ground.' },
    { id: '1820', year: 1820, label: 'about 1820' },
    { id: 'today', year: 2006, label: 'today' }
  ],
  nodes: [{ id: 'gate', provenance: 'estimate', eras: ['1820'], sources: ['a plan'] }],
  sounds: [],
  credit: ''
} as unknown as SceneDocument
const SOUND: Media = {
  kind: 'sound',
  url: '/media/x/bell.wav',
  bytes: 9,
  title: 'A bell',
  alt: 'It rings twice.',
  captions: null,
  language: null,
  credit: 'made by code',
  provenance: 'fiction'
}

const told: Happening[] = []

function visitOn(now: string, quiet_days: string[] = []): Visit {
  const document = site([experience()])
  const state: VisitState = reduce(START, {
    type: 'site_loaded',
    site: { ...document, site: { ...document.site, quiet_days } },
    at: at(now)
  })
  const tell = (happening: Happening): void => void told.push(happening)
  return { state, tell, io: { clock: { now: () => at(now) } } } as unknown as Visit
}

function get<T extends HTMLElement>(selector: string): T {
  const element = document.querySelector<T>(selector)
  if (element === null) throw new Error(`no ${selector}`)
  return element
}

describe('tools of a scene', () => {
  const stage = { showEra: vi.fn(), showGrades: vi.fn() }
  function lay(scene: SceneDocument = SCENE, visit: Visit = visitOn('2026-12-05T12:00'), calm = false): void {
    document.body.innerHTML =
      '<p id="news"></p><div id="bar"></div><section id="panel" aria-labelledby="panel-title" hidden></section>'
    const places = { bar: get('#bar'), panel: get('#panel') }
    layTools(places, scene, experience(), visit, { stage: stage as unknown as Stage, calm, words: WORDS })
  }
  beforeEach(() => {
    vi.clearAllMocks()
    told.length = 0
    lay()
  })

  test('the slider begins at the era of the scene, follows the finger, and rests at the nearest', () => {
    const slider = get<HTMLInputElement>('input')
    expect(stage.showEra).toHaveBeenLastCalledWith(1)
    expect(slider.getAttribute('aria-valuetext')).toBe('about 1820')
    slider.value = '0.4'
    slider.dispatchEvent(new Event('input'))
    expect(stage.showEra).toHaveBeenLastCalledWith(0.4)
    expect(get('.era-text').textContent).toBe('The fire left bare ground.')
    slider.dispatchEvent(new Event('change'))
    expect(stage.showEra).toHaveBeenLastCalledWith(0)
  })

  test('keys and buttons go from era to era', () => {
    get('input').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', cancelable: true }))
    expect(stage.showEra).toHaveBeenLastCalledWith(2)
    get('.era-names button').click()
    expect(stage.showEra).toHaveBeenLastCalledWith(0)
    expect(get('.era-names button').getAttribute('aria-pressed')).toBe('true')
    expect(get('.era-text').hidden).toBe(false)
  })

  test('another era is told where the slider rests, not on the way and not the first', () => {
    const slider = get<HTMLInputElement>('input')
    slider.value = '0.4'
    slider.dispatchEvent(new Event('input'))
    expect(told).toEqual([])
    slider.dispatchEvent(new Event('change'))
    get('.era-names button').click() // rests there already
    expect(told).toEqual([{ type: 'era_changed', era: SCENE.eras[0]?.id }])
  })

  test('a sound of the scene is told when it plays for the first time', () => {
    lay({ ...SCENE, sounds: [{ ...SOUND, id: 'bell', loop: false }] })
    get(`[aria-label="${WORDS('sounds')}"]`).click()
    for (let times = 0; times < 2; times++) get('audio').dispatchEvent(new Event('play'))
    expect(told).toEqual([{ type: 'sound_played', sound: 'bell' }])
  })

  test('whoever asked for less motion goes from era to era at once', () => {
    lay(SCENE, visitOn('2026-12-05T12:00'), true)
    expect(get<HTMLInputElement>('input').step).toBe('1')
  })

  test('a scene of one era has no slider, one without sounds no button for them', () => {
    lay({ ...SCENE, eras: SCENE.eras.slice(0, 1) })
    expect(document.querySelector('input')).toBeNull()
    expect(document.querySelector(`[aria-label="${WORDS('sounds')}"]`)).toBeNull()
  })

  test('how sure it is stands one tap away, and can be seen in the picture', () => {
    const opener = get(`[aria-label="${WORDS('sure')}"]`)
    opener.focus()
    opener.click()
    expect(get('#panel').textContent).toContain(WORDS('sure_estimate'))
    expect(get('#panel').textContent).toContain('a plan')
    const tint = [...document.querySelectorAll<HTMLElement>('#panel button')].find(
      ({ textContent }) => textContent === WORDS('sure_tint')
    )
    tint?.click()
    expect(stage.showGrades).toHaveBeenLastCalledWith(true)
    tint?.click()
    expect(stage.showGrades).toHaveBeenLastCalledWith(false)
    closePanel(get('#panel'))
    expect(document.activeElement).toBe(opener)
  })

  test('on a day of quiet sounds are told and not played', () => {
    const quiet = visitOn('2026-08-09T11:02', ['08-09', '08-15'])
    expect(isQuietDay(quiet)).toBe(true)
    expect(isQuietDay(visitOn('2026-08-10T11:02', ['08-09']))).toBe(false)
    lay({ ...SCENE, sounds: [{ ...SOUND, id: 'bell', loop: false }] }, quiet)
    get(`[aria-label="${WORDS('sounds')}"]`).click()
    expect(document.querySelector('audio')).toBeNull()
    expect(get('#panel').textContent).toContain(WORDS('sound_quiet'))
    expect(get('#panel').textContent).toContain('It rings twice.')
  })

  test('a sound has its words and its origin beside it and loads nothing unasked', () => {
    document.body.replaceChildren(layMedia(document, SOUND, WORDS, visitOn('2026-12-05T12:00')))
    expect(get<HTMLAudioElement>('audio').preload).toBe('none')
    expect(document.body.textContent).toContain(WORDS('grade_fiction'))
  })

  test('a sound that plays when a day of quiet begins stops and says why', () => {
    let now = at('2026-08-08T23:59')
    const clock = { now: () => now }
    const visit = { ...visitOn('2026-08-08T23:59', ['08-09']), io: { clock } } as unknown as Visit
    document.body.replaceChildren(layMedia(document, SOUND, WORDS, visit))
    const player = get<HTMLAudioElement>('audio')
    const pause = vi.spyOn(player, 'pause').mockImplementation(() => undefined)
    player.dispatchEvent(new Event('timeupdate'))
    expect(pause).not.toHaveBeenCalled()
    now = at('2026-08-09T00:00')
    player.dispatchEvent(new Event('timeupdate'))
    expect(pause).toHaveBeenCalledOnce()
    expect(document.querySelector('audio')).toBeNull()
    expect(document.body.textContent).toContain(WORDS('sound_quiet'))
  })
})
