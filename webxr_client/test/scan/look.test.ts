import { describe, expect, test } from 'vitest'
import { geodeticToEnu } from '../../src/geo/enu'
import { createJudge, type Outcome } from '../../src/scan/look'
import { readCode } from '../../src/scan/reader'
import type { Sign } from '../../src/wire'
import { HEIGHT, LONG_DEG, photograph, type Truth, turnOf, WIDTH } from '../align/photograph'
import { modulesOf, paint } from './paint'

const SIGN: Sign = {
  id: 'gate',
  code: 'SUIMON1',
  landmark: 'suimon',
  lat: 32.7439,
  lon: 129.872,
  h: 36,
  heading_deg: 130,
  side_m: 0.2,
  accuracy_m: 0.1,
  demonstration: true
}
const ADDRESS = 'https://dejima.example/s/SUIMON1'
const BEFORE: Truth = { heading_deg: 10, up_deg: -4, roll_deg: 3, middle: [0.2, -0.1, -0.9], facing_deg: 205 }

/** The outcomes of pictures of a code, taken a fifth of a second apart by a hand that is not quite still. */
async function lookAt(truth: Truth, { text = ADDRESS, count = 6, speed_deg_s = 2 } = {}): Promise<Outcome[]> {
  const judge = createJudge([SIGN])
  const outcomes: Outcome[] = []
  for (let i = 0; i < count; i++) {
    const [x, y, z] = truth.middle
    const now: Truth = {
      ...truth,
      middle: [x + 0.004 * i, y - 0.003 * i, z],
      roll_deg: (truth.roll_deg ?? 0) + 0.2 * i
    }
    const data = paint(modulesOf(text), photograph(now).corners, WIDTH, HEIGHT)
    const picture = { at_ms: 200 * i, held: { turn: turnOf(now), speed_deg_s }, lens_deg: LONG_DEG, data }
    outcomes.push(judge(picture, await readCode(data)))
    if (outcomes.at(-1)?.kind === 'found') break
  }
  return outcomes
}

test('from painted pictures to a pose: the phone is found to centimetres and its north to a degree', {
  timeout: 60_000
}, async () => {
  const outcomes = await lookAt(BEFORE)
  expect(outcomes.map(({ kind }) => kind)).toEqual(['seen', 'seen', 'seen', 'found'])
  const found = outcomes.at(-1)
  if (found?.kind !== 'found') throw new Error('not found')
  // it faces 130 degrees truly and 205 in the phone's frame
  expect(Math.abs((found.pose.yaw_deg ?? 0) + 75)).toBeLessThan(1)
  expect(found.pose.accuracy_deg).toBeLessThan(3)
  expect(found.pose.accuracy_m).toBeLessThan(0.2)
  const [east, north] = geodeticToEnu({ ...found.pose, h: SIGN.h }, SIGN)
  const turn = (-75 * Math.PI) / 180
  const [back_e, back_n] = [-0.206, -0.9] // from the sign to the phone, in the phone's frame
  expect(Math.abs(east - (back_e * Math.cos(turn) + back_n * Math.sin(turn)))).toBeLessThan(0.05)
  expect(Math.abs(north - (back_n * Math.cos(turn) - back_e * Math.sin(turn)))).toBeLessThan(0.05)
})

describe('not used is', () => {
  test.each([
    ['another QR code', BEFORE, { text: 'https://dejima.example/s/OTHER99' }, 'unknown'],
    ['a text that is no address', BEFORE, { text: 'SUIMON1 and more words' }, 'unknown'],
    ['a picture from a moving phone', BEFORE, { speed_deg_s: 40 }, 'moving'],
    ['a sign seen from 70 degrees aside', { ...BEFORE, middle: [0.05, -0.05, -0.4], facing_deg: 255 }, {}, 'oblique'],
    ['a sign that leans back', { ...BEFORE, lean_deg: 20 }, {}, 'askew']
  ] as [string, Truth, object, string][])('%s', { timeout: 60_000 }, async (_, truth, options, why) => {
    expect(await lookAt(truth, { ...options, count: 1 })).toEqual([{ kind: 'refused', why }])
  })
})
