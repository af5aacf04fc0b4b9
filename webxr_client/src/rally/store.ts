/** Where a phone keeps its stamp cards: IndexedDB, one card for each rally of a site. */
import { type DBSchema, openDB } from 'idb'
import { type Card, newCard } from './card'

interface Schema extends DBSchema {
  cards: { key: string; value: Card }
}

export interface CardStore {
  load: (rally: string) => Promise<Card>
  /** Change a card in one step, whatever other tabs do; gives what is kept then. */
  change: (rally: string, edit: (card: Card) => Card) => Promise<Card>
  forget: (rally: string) => Promise<void>
  /** Every card there is, of whatever rally. */
  all: () => Promise<Card[]>
  forgetAll: () => Promise<void>
  close: () => void
}

/** The cards of a site. Where the browser keeps nothing (some private modes) they live as long as the page. */
export async function openCards(site: string): Promise<CardStore> {
  const fresh = (): Card => newCard(crypto.getRandomValues(new Uint8Array(16)))
  try {
    const database = await openDB<Schema>(`rallies-${site}`, 1, {
      upgrade: (made) => void made.createObjectStore('cards')
    })
    const change: CardStore['change'] = async (rally, edit) => {
      const step = database.transaction('cards', 'readwrite')
      const card = edit((await step.store.get(rally)) ?? fresh())
      await step.store.put(card, rally)
      await step.done
      return card
    }
    return {
      load: (rally) => change(rally, (card) => card),
      change,
      forget: (rally) => database.delete('cards', rally),
      all: () => database.getAll('cards'),
      forgetAll: () => database.clear('cards'),
      close: () => database.close()
    }
  } catch {
    return keepInMemory(fresh)
  }
}

function keepInMemory(fresh: () => Card): CardStore {
  const cards = new Map<string, Card>()
  const change: CardStore['change'] = async (rally, edit) => {
    const card = edit(cards.get(rally) ?? fresh())
    cards.set(rally, card)
    return card
  }
  return {
    load: (rally) => change(rally, (card) => card),
    change,
    forget: async (rally) => void cards.delete(rally),
    all: async () => [...cards.values()],
    forgetAll: async () => cards.clear(),
    close: () => undefined
  }
}
