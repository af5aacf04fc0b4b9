// @vitest-environment happy-dom
import { expect, test, vi } from 'vitest'
import { reduce, START, type VisitState } from '../../src/state'
import { createPrefetch, findNext } from '../../src/ui/prefetch'
import type { Visit } from '../../src/ui/visit'
import { at, experience, PLAIN_PHONE, site } from './builders'

/** A visitor so many metres south of the gate, while something is on there. */
function awayFromGate(away_m: number, now = '2026-12-05T18:30'): VisitState {
  const loaded = reduce(START, { type: 'site_loaded', site: site([experience()]), at: at(now) })
  const fix = { lat: 32.744 - away_m / 111_195, lon: 129.872, accuracy_m: 5 }
  return reduce(loaded, { type: 'position_changed', position: { kind: 'granted', fix } })
}

test.each([
  ['on the way to it', awayFromGate(70), 'gate-1820'],
  ['far from it', awayFromGate(100), undefined],
  ['while nothing is on', awayFromGate(70, '2026-12-05T12:00'), undefined],
  ['at it, where it is open already', awayFromGate(5), undefined]
])('%s', (_, state, found) => {
  expect(findNext(state, new Set())?.id).toBe(found)
})

const SCENE = { nodes: [{ lods: [{ url: '/packages/x/lod0.glb' }, { url: '/packages/x/lod1.glb' }] }] }

test('the coarsest level is fetched, once; whoever saves data fetches nothing', async () => {
  const asked: string[] = []
  const answer = (url: string): Promise<Response> => {
    asked.push(url)
    return Promise.resolve(new Response(JSON.stringify(SCENE)))
  }
  const io = { fetch: answer, clock: { now: () => 0, learn: () => undefined } }
  const visit = { site: 'dejima', language: 'en', io } as unknown as Visit
  const view = { fetch: answer } as unknown as Window
  createPrefetch(visit, { ...PLAIN_PHONE, saveData: true }, view)(awayFromGate(70))
  expect(asked).toEqual([])
  const prefetch = createPrefetch(visit, PLAIN_PHONE, view)
  prefetch(awayFromGate(70))
  await vi.waitFor(() => expect(asked).toHaveLength(2))
  prefetch(awayFromGate(69))
  await Promise.resolve()
  expect(asked).toEqual(['/api/v1/sites/dejima/scenes/gate?lang=en', '/packages/x/lod1.glb'])
})
