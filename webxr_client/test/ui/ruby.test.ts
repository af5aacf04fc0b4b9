// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { announce, setText } from '../../src/ui/dom'
import { keepRuby, plain, readText } from '../../src/ui/ruby'

const SENTENCE = '{出島|でじま}の{地図|ちず}'
const settled = (): Promise<void> => new Promise((done) => setTimeout(done))

beforeEach(() => {
  document.body.innerHTML = '<p id="line"></p><button id="act"></button><p id="news"></p>'
  document.documentElement.dataset['language'] = 'ja-x-easy'
  keepRuby(document)
})

afterEach(() => {
  delete document.documentElement.dataset['language']
})

function line(): HTMLElement {
  return document.getElementById('line') as HTMLElement
}

describe('a page of plain Japanese', () => {
  test('what a script writes gets its readings, in one span, and reads back as it was written', async () => {
    setText(line(), SENTENCE)
    await settled()
    expect(line().innerHTML).toBe(
      '<span class="read"><ruby>出島<rp>（</rp><rt>でじま</rt><rp>）</rp></ruby>の<ruby>地図<rp>（</rp><rt>ちず</rt><rp>）</rp></ruby></span>'
    )
    expect(readText(line())).toBe(SENTENCE)
  })

  test('the same sentence again changes nothing', async () => {
    setText(line(), SENTENCE)
    await settled()
    const before = line().firstChild
    setText(line(), SENTENCE)
    expect(line().firstChild).toBe(before)
  })

  test('names of things and announcements are the bare words', async () => {
    const act = document.getElementById('act') as HTMLElement
    act.setAttribute('aria-label', SENTENCE)
    act.title = SENTENCE
    announce(document, SENTENCE)
    await settled()
    expect([act.getAttribute('aria-label'), act.title]).toEqual(['出島の地図', '出島の地図'])
    expect(document.getElementById('news')?.innerHTML).toBe('出島の地図')
  })

  test('a whole part laid in at once is dressed with all its names', async () => {
    const part = document.createElement('div')
    part.innerHTML = `<img alt="${SENTENCE}"><p>${SENTENCE}</p><select><option>${SENTENCE}</option></select>`
    document.body.append(part)
    await settled()
    expect(part.querySelector('img')?.alt).toBe('出島の地図')
    expect(part.querySelectorAll('p ruby')).toHaveLength(2)
    expect(part.querySelector('option')?.innerHTML).toBe('出島の地図')
  })
})

test('what only looks like a reading stays text', () => {
  for (const text of ['{<b>|かな}', '{漢字|<i>}', '{漢字}', '{name}', '{a|b}']) expect(plain(text)).toBe(text)
})
