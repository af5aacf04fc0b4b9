/** Where the outbox keeps its events across pages and reloads: IndexedDB, on the phone. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { DeviceKind, Language, Mode, TokenAnswer, VisitEvent } from './wire'

/** An event that waits, with what its batch must say about it. */
export interface Waiting {
  event: VisitEvent
  language: Language
  mode: Mode
  device: DeviceKind
  visit: string | null
}

/** The running visit: its random id, when it last did something (ms UTC), and its local date. */
export interface VisitMark {
  id: string
  last_at: number
  on: string
}

interface Schema extends DBSchema {
  events: { key: string; value: Waiting }
  marks: { key: 'visit' | 'token'; value: VisitMark | TokenAnswer }
}

/** What the outbox keeps; all calls settle when the data is safe. */
export interface OutboxStore {
  load: () => Promise<{ waiting: Waiting[]; visit: VisitMark | null; token: TokenAnswer | null }>
  add: (waiting: Waiting) => Promise<void>
  remove: (ids: readonly string[]) => Promise<void>
  saveVisit: (visit: VisitMark | null) => Promise<void>
  saveToken: (token: TokenAnswer | null) => Promise<void>
  clear: () => Promise<void>
  close: () => void
}

/** The store of a site. Null where the browser keeps nothing (some private modes): then events live as long as the page. */
export async function openStore(site: string): Promise<OutboxStore | null> {
  try {
    const database = await openDB<Schema>(`outbox-${site}`, 2, {
      upgrade(made) {
        // what waits from before says less than is asked for now, and in other words
        for (const name of made.objectStoreNames) made.deleteObjectStore(name)
        made.createObjectStore('events')
        made.createObjectStore('marks')
      }
    })
    return wrap(database)
  } catch {
    return null
  }
}

function wrap(database: IDBPDatabase<Schema>): OutboxStore {
  const save = async (key: 'visit' | 'token', value: VisitMark | TokenAnswer | null): Promise<void> => {
    await (value === null ? database.delete('marks', key) : database.put('marks', value, key))
  }
  return {
    load: async () => ({
      waiting: await database.getAll('events'), // in the order of their ids, which is the order in time
      visit: ((await database.get('marks', 'visit')) as VisitMark | undefined) ?? null,
      token: ((await database.get('marks', 'token')) as TokenAnswer | undefined) ?? null
    }),
    add: async (waiting) => void (await database.put('events', waiting, waiting.event.id)),
    remove: async (ids) => {
      const change = database.transaction('events', 'readwrite')
      await Promise.all([...ids.map((id) => change.store.delete(id)), change.done])
    },
    saveVisit: (visit) => save('visit', visit),
    saveToken: (token) => save('token', token),
    clear: async () => {
      const change = database.transaction(['events', 'marks'], 'readwrite')
      await Promise.all([change.objectStore('events').clear(), change.objectStore('marks').clear(), change.done])
    },
    close: () => database.close()
  }
}
