import { beforeEach, describe, expect, it, vi } from 'vitest'
import { dropOldMemories } from '../../src/offline/upkeep'
import type { SiteDocument } from '../../src/wire'

const HOME = 'https://dejima.example'
const GATE = '/en/dejima/landmarks/water-gate'

/** Caches by name, each with pages by path; what varies by encoding is found only by whoever says it does not matter. */
function hold(held: Record<string, Record<string, string>>): void {
  const open = async (name: string): Promise<unknown> => {
    const pages = held[name] ?? {}
    const path = (url: string): string => url.replace(HOME, '')
    return {
      keys: async () => Object.keys(pages).map((one) => ({ url: HOME + one })),
      match: async (url: string, options?: { ignoreVary?: boolean }) =>
        options?.ignoreVary === true && pages[path(url)] !== undefined ? new Response(pages[path(url)]) : undefined,
      delete: async (url: string) => delete pages[path(url)]
    }
  }
  vi.stubGlobal('caches', { keys: async () => Object.keys(held), open })
}

function told(mark: string): string {
  return `<section aria-labelledby="memories" data-memories="${mark}"><blockquote>Boats</blockquote></section>`
}

function site(memories?: Record<string, string>, closed = false): SiteDocument {
  const told = { ...(memories && { memories }), ...(closed && { memories_closed: true }) }
  return { site: { id: 'dejima' }, ...told } as unknown as SiteDocument
}

const storage = { getItem: () => null, setItem: () => undefined } as unknown as Storage

describe('kept pages with memories of residents', () => {
  let held: Record<string, Record<string, string>>

  beforeEach(() => {
    held = {
      pages: { [GATE]: told('0a1b2c3d'), '/en/dejima/landmarks/church': told(''), '/en/dejima/': told('0a1b2c3d') },
      'taken-dejima': { '/ja/dejima/landmarks/water-gate': told('0a1b2c3d') },
      packages: { [GATE]: told('0a1b2c3d') }
    }
    hold(held)
  })

  it('stay while they tell the same', async () => {
    await dropOldMemories(storage, site({ 'water-gate': '0a1b2c3d' }))
    expect(Object.keys(held['pages'] ?? {})).toHaveLength(3)
    expect(Object.keys(held['taken-dejima'] ?? {})).toHaveLength(1)
  })

  it.each([[{ 'water-gate': '99999999' }], [{}], [undefined]])(
    'go from every cache when one was withdrawn: %o',
    async (memories) => {
      await dropOldMemories(storage, site(memories))
      expect(Object.keys(held['pages'] ?? {})).toEqual(['/en/dejima/landmarks/church', '/en/dejima/'])
      expect(held['taken-dejima']).toEqual({})
    }
  )

  it('go while none is taken, since they invite to add one, and stay once they were made without', async () => {
    await dropOldMemories(storage, site({ 'water-gate': '55555555' }, true))
    expect(Object.keys(held['pages'] ?? {})).toEqual(['/en/dejima/'])
    Object.assign(held['pages'] ?? {}, { [GATE]: told('55555555'), '/en/dejima/landmarks/church': told('closed') })
    await dropOldMemories(storage, site({ 'water-gate': '55555555' }, true))
    expect(Object.keys(held['pages'] ?? {})).toHaveLength(3)
    await dropOldMemories(storage, site({ 'water-gate': '0a1b2c3d' }))
    expect(Object.keys(held['pages'] ?? {})).toEqual(['/en/dejima/'])
  })

  it('of another site are left to that site', async () => {
    await dropOldMemories(storage, { site: { id: 'hirado' } } as unknown as SiteDocument)
    expect(Object.keys(held['pages'] ?? {})).toHaveLength(3)
  })
})
