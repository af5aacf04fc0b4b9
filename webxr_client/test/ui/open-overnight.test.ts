// @vitest-environment happy-dom
/** A page that stays open: a season begins at its very second, with the server and without it, by the server's clock. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPageClock, createVisit, followSite, type Visit } from '../../src/ui/visit'
import type { SiteDocument } from '../../src/wire'
import { experience, site } from './builders'

const EVENING = Date.parse('2026-12-31T14:50:00Z') // 23:50 at Dejima
const MIDNIGHT = Date.parse('2026-12-31T15:00:00Z')
const DOCUMENT = site([
  experience({ id: 'dutch-new-year', occurrences: [['2026-12-31T15:00:00Z', '2027-01-01T15:00:00Z']] }),
  experience({ id: 'last-year', occurrences: [['2026-12-01T00:00:00Z', '2026-12-31T15:00:00Z']] })
])

let online = true
let asked = 0
let document_now: SiteDocument

beforeEach(() => {
  vi.useFakeTimers({ now: EVENING })
  sessionStorage.clear()
  online = true
  asked = 0
  document_now = DOCUMENT
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A page whose phone is late by `late_ms`: the server's answers carry the right time. */
function openPage(late_ms = 0): Visit {
  vi.stubGlobal('fetch', () => {
    asked += 1
    if (!online) return Promise.reject(new TypeError('no connection'))
    const headers = { Date: new Date(Date.now() + late_ms).toUTCString(), ETag: `"${document_now.revision}"` }
    return Promise.resolve(new Response(JSON.stringify(document_now), { headers }))
  })
  const visit = createVisit('dejima', 'en', createPageClock(sessionStorage), '/preview/x')
  followSite(visit, () => undefined)
  return visit
}

async function until(moment: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(moment - Date.now())
}

test.each([
  ['with the server in reach', true],
  ['without a connection since the evening', false]
])('a season begins at local midnight, %s', async (_, stays_online) => {
  const visit = openPage()
  await until(EVENING + 1000)
  expect(visit.state.live).toEqual(['last-year'])
  online = stays_online
  await until(MIDNIGHT - 1000) // the server’s header tells whole seconds
  expect(visit.state.live).toEqual(['last-year'])
  await until(MIDNIGHT + 1000)
  expect(visit.state.live).toEqual(['dutch-new-year'])
  expect(visit.state.link).toBe(stays_online ? 'online' : 'offline')
  expect(asked).toBeGreaterThan(1)
})

test('by the server’s clock, not by that of a phone which is five minutes late', async () => {
  const late_ms = 300_000
  const visit = openPage(late_ms)
  await until(MIDNIGHT - late_ms - 1000)
  expect(visit.state.live).toEqual(['last-year'])
  await until(MIDNIGHT - late_ms + 1000)
  expect(visit.state.live).toEqual(['dutch-new-year'])
})

test('dates that staff publish meanwhile are taken over at the next look, and kept without a connection', async () => {
  const visit = openPage()
  await until(EVENING + 1000)
  const earlier = experience({ id: 'dutch-new-year', occurrences: [['2026-12-31T14:55:00Z', '2027-01-01T15:00:00Z']] })
  document_now = { ...site([earlier]), revision: 4 }
  await until(EVENING + 61_000)
  online = false
  await until(Date.parse('2026-12-31T14:55:00Z') - 1000)
  expect(visit.state.live).toEqual([])
  await until(Date.parse('2026-12-31T14:55:01Z'))
  expect(visit.state.live).toEqual(['dutch-new-year'])
})
