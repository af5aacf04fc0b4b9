// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { offerReadAloud, pickVoice, piecesOf } from '../../src/ui/read-aloud'
import { wordsIn } from './builders'

const WORDS = wordsIn('en')

function voice(lang: string, localService = true): SpeechSynthesisVoice {
  return { lang, localService, name: lang, default: false, voiceURI: lang }
}

describe('voices', () => {
  test('one on the device is taken, never one of a service', () => {
    expect(pickVoice([voice('ja-JP', false), voice('ja_JP')], 'ja')).toMatchObject({ lang: 'ja_JP' })
    expect(pickVoice([voice('ja-JP', false)], 'ja')).toBeNull()
  })

  test.each([
    ['zh-Hans', 'zh-CN'],
    ['zh-Hant', 'zh-TW'],
    ['ko', 'ko-KR'],
    ['nl', 'nl-NL'],
    ['ja-x-easy', 'ja-JP']
  ])('%s is spoken by %s', (tag, lang) => {
    const voices = ['en-GB', 'zh-TW', 'zh-CN', 'ko-KR', 'nl-NL', 'ja-JP'].map((each) => voice(each))
    expect(pickVoice(voices, tag)?.lang).toBe(lang)
  })
})

const STORY = `<div id="story"><p class="crumb">Map</p><h1>Gate</h1><p>All cargo passed here. It was weighed!</p>
  <ol><li><h3>Door</h3><p>Two wings.</p></li></ol><p hidden>Not yet.</p><details><p>Sources</p></details></div>`

describe('reading', () => {
  const said: SpeechSynthesisUtterance[] = []
  const speech = {
    getVoices: () => [voice('en-GB')],
    speak: (one: SpeechSynthesisUtterance) => said.push(one),
    cancel: vi.fn(),
    addEventListener: () => undefined
  }
  beforeEach(() => {
    said.length = 0
    document.documentElement.lang = 'en'
    document.body.innerHTML = STORY
    vi.stubGlobal(
      'SpeechSynthesisUtterance',
      class {
        constructor(readonly text: string) {}
      }
    )
    Object.defineProperty(window, 'speechSynthesis', { value: speech, configurable: true })
  })

  test('each block is read once, in order; what leads elsewhere or is hidden is not', () => {
    const story = document.getElementById('story') as HTMLElement
    expect(piecesOf(story).map(({ sentence }) => sentence)).toEqual([
      'Gate',
      'All cargo passed here. It was weighed!',
      'Door',
      'Two wings.'
    ])
  })

  test('a long paragraph is cut between sentences', () => {
    document.body.innerHTML = `<div id="story"><h1>x</h1><p>${'In the year the ships came. '.repeat(20)}</p></div>`
    const pieces = piecesOf(document.getElementById('story') as HTMLElement).slice(1)
    expect(pieces.length).toBeGreaterThan(2)
    for (const { sentence } of pieces) expect(sentence.length).toBeLessThanOrEqual(180)
    expect(pieces.map(({ sentence }) => sentence).join(' ')).toBe('In the year the ships came. '.repeat(20).trim())
  })

  test('it goes through the story, marks where it is, and goes on where it was stopped', () => {
    offerReadAloud(window, WORDS)
    const button = document.querySelector('#aloud button') as HTMLButtonElement
    expect(button.textContent).toBe(WORDS('aloud_start'))
    button.click()
    expect(said.at(-1)?.text).toBe('Gate')
    said.at(-1)?.onend?.(new Event('end') as SpeechSynthesisEvent)
    expect(document.querySelector('.read-now')?.textContent).toContain('All cargo')
    button.click()
    expect(speech.cancel).toHaveBeenCalled()
    expect(document.querySelector('.read-now')).toBeNull()
    expect(button.textContent).toBe(WORDS('aloud_go_on'))
    button.click()
    expect(said.at(-1)?.text).toContain('All cargo')
  })

  test('without a voice on the device nothing is offered', () => {
    Object.defineProperty(window, 'speechSynthesis', {
      value: { ...speech, getVoices: () => [voice('en-GB', false)] },
      configurable: true
    })
    offerReadAloud(window, WORDS)
    expect(document.getElementById('aloud')).toBeNull()
  })
})
