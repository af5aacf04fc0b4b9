import { expect, test } from 'vitest'
import { captionAt, parseCaptions } from '../../src/ui/captions'

const FILE = `WEBVTT - a bell

NOTE made by code

1
00:00.500 --> 00:02.000 align:start
<v Bell>A bell rings</v>
twice.

01:00:03.000 --> 01:00:04.250
The gate closes.
`

test('captions are read with or without hours, numbers and voices', () => {
  expect(parseCaptions(FILE)).toEqual([
    { from_s: 0.5, until_s: 2, text: 'A bell rings twice.' },
    { from_s: 3603, until_s: 3604.25, text: 'The gate closes.' }
  ])
  expect(parseCaptions(FILE.replaceAll('\n', '\r\n'))).toHaveLength(2)
})

test('the line between two captions is empty', () => {
  const cues = parseCaptions(FILE)
  expect([0, 0.5, 1.99, 2, 3603.5].map((at_s) => captionAt(cues, at_s))).toEqual([
    '',
    'A bell rings twice.',
    'A bell rings twice.',
    '',
    'The gate closes.'
  ])
})

test('what is no captions file has none', () => {
  expect(parseCaptions('<html>not found</html>')).toEqual([])
})
