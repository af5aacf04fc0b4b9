/** Receipts of visits, kept by a phone whose visitor wants them: with them alone a visit can be found again. */
import { openStore, type VisitMark } from '../outbox-store'

/** Whether receipts are kept, those there are, and the visit of the last one, so that it is asked for once. */
export interface Book {
  on: boolean
  receipts: string[]
  last: string | null
}

const MOST_RECEIPTS = 400 // as many as the server takes at once: domain/book.py

/** The book as the phone keeps it. */
export function readBook(storage: Storage, site: string): Book {
  try {
    const { on, receipts, last } = JSON.parse(storage.getItem(`book-${site}`) ?? '') as Book
    return { on: on === true, receipts: Array.isArray(receipts) ? receipts : [], last: last ?? null }
  } catch {
    return { on: false, receipts: [], last: null } // nothing was kept, or something else than we keep
  }
}

export function saveBook(storage: Storage, site: string, book: Book): void {
  storage.setItem(`book-${site}`, JSON.stringify({ ...book, receipts: book.receipts.slice(-MOST_RECEIPTS) }))
}

/** The running visit as the outbox knows it; null where statistics are not allowed, or nothing has happened yet. */
export async function findVisit(site: string): Promise<VisitMark | null> {
  const store = await openStore(site)
  const visit = (await store?.load())?.visit ?? null
  store?.close()
  return visit
}

/** The receipt of a visit; null when it cannot be had now. */
export async function askReceipt(site: string, visit: VisitMark, ask: typeof fetch): Promise<string | null> {
  try {
    const answer = await ask(`/api/v1/sites/${encodeURIComponent(site)}/book/receipts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ visit: visit.id, on: visit.on }),
      cache: 'no-store'
    })
    return answer.ok ? ((await answer.json()) as { receipt: string }).receipt : null
  } catch {
    return null // no connection: the next stamp asks again
  }
}

/** Keep the receipt of the running visit, if the visitor wants that. */
export async function keepVisit(site: string, storage: Storage, ask: typeof fetch): Promise<void> {
  if (!readBook(storage, site).on) return
  const visit = await findVisit(site)
  if (visit === null || visit.id === readBook(storage, site).last) return
  const receipt = await askReceipt(site, visit, ask)
  const book = readBook(storage, site)
  if (receipt === null || !book.on) return
  const receipts = [...book.receipts.filter((one) => one !== receipt), receipt]
  saveBook(storage, site, { ...book, receipts, last: visit.id })
}
