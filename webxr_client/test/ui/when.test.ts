import { describe, expect, test } from 'vitest'
import { sayMoment } from '../../src/ui/moment'
import { sayWhen } from '../../src/ui/when'
import { at, experience, site, wordsIn } from './builders'

const EVENING = experience()

/** The sentences that tests/routes/test_visitor_facts.py expects of the server at the same moments. */
describe('what is on is said as the server says it', () => {
  test.each([
    ['2026-12-04T11:00', 'later', 'Next on 5 December (Sat) 18:00.', '次は12月5日（土）18:00からです。'],
    ['2026-12-05T17:59:59', 'today', 'Starts today at 18:00.', '今日18:00から見られます。'],
    ['2026-12-05T18:00:00', 'live', 'On until 21:00.', '21:00まで見られます。'],
    ['2026-12-05T21:00:00', 'none', 'Nothing is planned in the next 60 days yet.', 'この先60日の予定はまだありません。']
  ])('%s: %s', (moment, kind, english, japanese) => {
    expect(sayWhen(EVENING, site([EVENING]), at(moment), wordsIn('en'))).toEqual({ state: kind, sentence: english })
    expect(sayWhen(EVENING, site([EVENING], 'ja'), at(moment), wordsIn('ja')).sentence).toBe(japanese)
  })
})

test('what covers all days of the document is said to be there at any time, and to rest on a quiet day', () => {
  const always = experience({
    occurrences: [['2026-12-02T15:00:00Z', '2027-02-02T15:00:00Z']],
    quiet_on: ['2026-12-09']
  })
  const say = (moment: string): string => sayWhen(always, site([always]), at(moment), wordsIn('en')).sentence
  expect(say('2026-12-05T03:00')).toBe('It can be seen at any time.')
  expect(say('2026-12-09T11:02')).toBe('Today is a day of quiet, so this rests.')
})

test('what ends before the document does is not said to be always there', () => {
  const ending = experience({ occurrences: [['2026-12-02T15:00:00Z', '2027-01-15T15:00:00Z']] })
  expect(sayWhen(ending, site([ending]), at('2026-12-05T03:00'), wordsIn('en')).sentence).toBe(
    'On until 16 January (Sat) 00:00.'
  )
})

test('an evening past midnight names the next day', () => {
  const now = at('2026-12-05T23:00')
  expect(sayMoment(at('2026-12-06T01:30'), now, 'Asia/Tokyo', wordsIn('en'))).toBe('6 December (Sun) 01:30')
  expect(sayMoment(at('2026-12-06T01:30'), now, 'Asia/Tokyo', wordsIn('ja'))).toBe('12月6日（日）01:30')
})

/** The moments that tests/routes/test_wording.py expects of the server. */
test.each([
  ['en', '7 October (Wed) 18:05'],
  ['ja', '10月7日（水）18:05'],
  ['zh-Hans', '10月7日（周三）18:05'],
  ['zh-Hant', '10月7日（週三）18:05'],
  ['ko', '10월 7일(수) 18:05'],
  ['nl', 'wo 7 oktober 18:05'],
  ['ja-x-easy', '10{月|がつ}{7日|なのか}（{水|すい}）18:05']
] as const)('in %s a moment is %s', (language, said) => {
  expect(sayMoment(at('2026-10-07T18:05'), at('2026-10-06T12:00'), 'Asia/Tokyo', wordsIn(language))).toBe(said)
})
