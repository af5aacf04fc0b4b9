/** The page of the stamp book: what leads to a visitor's own traces lies on this phone, so only its script can ask for them. */
import { openStore } from '../outbox-store'
import { openCards } from '../rally/store'
import { make, makeButton, need } from '../ui/dom'
import { makeWords, type Words } from '../ui/words'
import { askReceipt, findVisit, keepVisit, readBook, saveBook } from './keep'

interface Held {
  cards: string[]
  receipts: string[]
}

interface Counts {
  visits: number
  events: number
  stamps: number
  prizes: number
}

/** Bring the page alive. Gives a promise of its first picture, for tests. */
export async function setUpBook(view: Window & typeof globalThis): Promise<void> {
  const page = view.document
  const root = need(page, '#book')
  const sentences = JSON.parse(need(page, '#book-texts').textContent ?? '{}') as Record<string, string>
  const book = new BookPage(view, root, makeWords(sentences, page.documentElement.lang))
  await keepVisit(book.site, view.localStorage, view.fetch.bind(view))
  await book.show()
}

class BookPage {
  readonly site: string
  private sure = false

  constructor(
    private readonly view: Window & typeof globalThis,
    private readonly root: HTMLElement,
    private readonly words: Words
  ) {
    this.site = root.dataset['site'] ?? ''
  }

  private get page(): Document {
    return this.view.document
  }

  async show(): Promise<void> {
    this.showKeeping()
    const take = (as: 'json' | 'csv'): HTMLButtonElement =>
      makeButton(this.page, this.words(`take_${as}`), () => void this.take(as))
    need(this.root, '.take').replaceChildren(take('json'), take('csv'))
    this.showErasing()
    await this.sayWhenNothing()
  }

  private showKeeping(): void {
    const { on, receipts } = readBook(this.view.localStorage, this.site)
    const said = this.words(on ? 'keep_is_on' : 'keep_is_off', { count: receipts.length })
    const button = makeButton(this.page, this.words(on ? 'keep_off' : 'keep_on'), () => void this.turn(!on))
    need(this.root, '.keep').replaceChildren(make(this.page, 'p', {}, said), button)
  }

  private async turn(on: boolean): Promise<void> {
    saveBook(this.view.localStorage, this.site, { ...readBook(this.view.localStorage, this.site), on, last: null })
    const visit = on ? await findVisit(this.site) : null
    if (on) await keepVisit(this.site, this.view.localStorage, this.view.fetch.bind(this.view))
    this.showKeeping()
    need(this.root, '.keep button').focus()
    this.say(on && visit === null ? this.words('keep_needs') : '')
  }

  private showErasing(): void {
    const button = makeButton(
      this.page,
      this.words(this.sure ? 'erase_sure' : 'erase'),
      () => void this.erase(),
      'danger'
    )
    need(this.root, '.erase').replaceChildren(button)
  }

  private say(sentence: string): void {
    const said = need(this.root, '.said')
    said.hidden = sentence === ''
    said.textContent = sentence
  }

  private async sayWhenNothing(): Promise<void> {
    const { cards, receipts } = await this.gather()
    if (cards.length + receipts.length === 0) this.say(this.words('nothing'))
  }

  /** What this phone holds: its cards, the receipts it keeps, and one of the running visit, which is asked for now. */
  private async gather(): Promise<Held> {
    const store = await openCards(this.site)
    const cards = (await store.all()).map(({ number }) => number)
    store.close()
    const visit = await findVisit(this.site)
    const now = visit === null ? null : await askReceipt(this.site, visit, this.view.fetch.bind(this.view))
    const { receipts } = readBook(this.view.localStorage, this.site)
    return { cards, receipts: [...new Set([...receipts, ...(now === null ? [] : [now])])] }
  }

  private get address(): string {
    return `/api/v1/sites/${encodeURIComponent(this.site)}/book`
  }

  private post(address: string, held: Held): Promise<Response> {
    return this.view.fetch(address, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(held),
      cache: 'no-store'
    })
  }

  private async take(as: 'json' | 'csv'): Promise<void> {
    const held = await this.gather()
    try {
      const answer = await this.post(as === 'csv' ? `${this.address}?as=csv` : this.address, held)
      if (!answer.ok) return this.say(this.words('later'))
      const address = this.view.URL.createObjectURL(await answer.blob())
      make(this.page, 'a', { href: address, download: `stamp-book.${as}` }).click()
      this.view.setTimeout(() => this.view.URL.revokeObjectURL(address), 60_000)
      this.say(this.words('taken', { receipts: held.receipts.length, cards: held.cards.length }))
    } catch {
      this.say(this.words('later'))
    }
  }

  /** The first press asks, the second erases: on the server, and when that is done on this phone. */
  private async erase(): Promise<void> {
    this.sure = !this.sure
    this.showErasing()
    need(this.root, '.erase button').focus()
    if (this.sure) return
    const held = await this.gather()
    try {
      const answer = await this.post(`${this.address}/erase`, held)
      if (!answer.ok) return this.say(this.words('later'))
      const { erased } = (await answer.json()) as { erased: Counts }
      await this.forget()
      await this.show()
      this.say(this.words('erased', { ...erased }))
    } catch {
      this.say(this.words('later'))
    }
  }

  private async forget(): Promise<void> {
    const cards = await openCards(this.site)
    await cards.forgetAll()
    cards.close()
    const outbox = await openStore(this.site)
    await outbox?.clear()
    outbox?.close()
    const { on } = readBook(this.view.localStorage, this.site)
    saveBook(this.view.localStorage, this.site, { on, receipts: [], last: null })
  }
}
