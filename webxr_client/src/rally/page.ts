/** The page of a rally brought alive: the card as the phone keeps it, codes taken, and the prize asked for. */
import { announce, make, makeButton, need } from '../ui/dom'
import type { Visit } from '../ui/visit'
import { makeWords, type Words } from '../ui/words'
import type { Rally } from '../wire'
import { type Card, isProven, judge, nextInOrder, type Stamp, stampedOn, standing } from './card'
import { cleanCode, isShownNow, isWhole } from './code'
import { addStamp, CARD_CHANGED } from './collect'
import { type Answer, askPrize, type Place, sendStamp } from './send'
import { type CardStore, openCards } from './store'

/** Bring the card alive; `say` tells a moment (ms UTC) in words. Gives what ends it. */
export async function setUpRally(view: Window, visit: Visit, say: (moment: number) => string): Promise<() => void> {
  const page = view.document
  const leaving = new AbortController()
  const { signal } = leaving
  const alive = new RallyPage(page, visit, say, await openCards(visit.site))
  await alive.begin()
  visit.listen((after, before) => {
    if (after.site !== before.site || (after.link === 'online' && before.link === 'offline')) void alive.meet()
    if (after.location !== before.location || after.trigger !== before.trigger) void alive.show()
  })
  page.addEventListener(CARD_CHANGED, () => void alive.meet(), { signal })
  view.addEventListener('hashchange', () => void alive.takeScanned(), { signal })
  view.addEventListener('online', () => void alive.meet(), { signal })
  const lookAgain = (): void => {
    if (page.visibilityState === 'visible') void alive.meet()
    else alive.stopCamera()
  }
  page.addEventListener('visibilitychange', lookAgain, { signal })
  return () => leaving.abort()
}

class RallyPage {
  private readonly own: Words
  private readonly root: HTMLElement
  private meeting: Promise<void> | null = null
  private again = false
  private drawn = ''
  private stopScanning: (() => void) | null = null

  constructor(
    private readonly page: Document,
    private readonly visit: Visit,
    private readonly sayMoment: (moment: number) => string,
    private readonly cards: CardStore
  ) {
    this.root = need(page, '#card')
    const sentences = JSON.parse(need(page, '#rally-texts').textContent ?? '{}') as Record<string, string>
    this.own = makeWords(sentences, page.documentElement.lang)
  }

  private get rally(): Rally | null {
    const own = this.root.dataset['rally']
    return this.visit.state.site?.rallies?.find(({ id }) => id === own) ?? null
  }

  async begin(): Promise<void> {
    await this.takeScanned()
    await this.meet()
  }

  /** A code that was scanned stands behind the # of the address: taken once, and gone from the address. */
  async takeScanned(): Promise<void> {
    const scanned = new URLSearchParams(this.page.location.hash.slice(1))
    const [landmark, code] = [scanned.get('at'), scanned.get('code')]
    if (landmark === null || code === null || this.rally === null) return
    this.page.defaultView?.history.replaceState(null, '', this.page.location.pathname)
    await this.takeCode(this.rally, landmark, code)
  }

  /** Take the code of a place; what became of it is said. */
  private async takeCode(rally: Rally, landmark: string, typed: string): Promise<void> {
    if (rally.proof === 'none') return this.say('not_asked')
    const code = cleanCode(typed)
    if (!isWhole(code, rally.proof)) return this.say('code_slip')
    const stamped = stampedOn(await this.cards.load(rally.id))
    const verdict = judge(rally, stamped, landmark, this.visit.io.clock.now())
    if (verdict === 'too_early') return this.say('too_early', { name: this.nameOf(nextInOrder(rally, stamped)) })
    if (verdict !== 'new') return this.say(verdict)
    const place = this.place(rally)
    const stamp: Stamp = { landmark, code, checked: false }
    const answer = await sendStamp(place, await this.cards.load(rally.id), stamp, false)
    if (answer.kind === 'refused') return this.say(refusalOf(answer.code))
    const isOld = rally.proof === 'rotating' && !isShownNow(code, this.visit.io.clock.now())
    if (answer.kind === 'later' && isOld) return this.say('proof_old')
    await addStamp(this.visit, rally, landmark, answer.kind === 'taken' ? undefined : code)
    const { count } = standing(rally, [...stamped, landmark])
    const name = this.nameOf(landmark)
    this.say(answer.kind === 'taken' ? 'taken' : 'kept', { name, count, needed: rally.needed })
  }

  private async markChecked(rally: Rally, landmark: string): Promise<void> {
    await this.cards.change(rally.id, (card) => ({
      ...card,
      stamps: card.stamps.map((one) => (one.landmark === landmark ? { landmark, checked: true } : one))
    }))
  }

  /** Bring what was kept to the server, ask for the prize, and show how the card stands; once more if asked meanwhile. */
  meet(): Promise<void> {
    this.again = true
    this.meeting ??= this.meetAgain().finally(() => {
      this.meeting = null
    })
    return this.meeting
  }

  private async meetAgain(): Promise<void> {
    while (this.again) {
      this.again = false
      await this.meetNow()
    }
  }

  private async meetNow(): Promise<void> {
    const rally = this.rally
    await this.takeScanned()
    await this.show()
    if (rally === null) return
    await this.sendKept(rally)
    await this.fetchPrize(rally)
    await this.show()
  }

  private async sendKept(rally: Rally): Promise<void> {
    for (const stamp of (await this.cards.load(rally.id)).stamps.filter(({ checked }) => !checked)) {
      const answer = await sendStamp(this.place(rally), await this.cards.load(rally.id), stamp, true)
      if (answer.kind === 'later') return
      if (answer.kind === 'taken') await this.markChecked(rally, stamp.landmark)
      if (answer.kind === 'refused') {
        await this.cards.change(rally.id, (card) => ({
          ...card,
          stamps: card.stamps.filter(({ landmark }) => landmark !== stamp.landmark)
        }))
        this.say('refused', { name: this.nameOf(stamp.landmark) })
      }
    }
  }

  private async fetchPrize(rally: Rally): Promise<void> {
    const card = await this.cards.load(rally.id)
    if (card.prize !== null && card.prize.used_at !== null) return
    const answer: Answer<NonNullable<Card['prize']>> | null = await askPrize(this.place(rally), card)
    if (answer?.kind === 'refused') return this.say(refusalOf(answer.code))
    if (answer?.kind !== 'taken') return
    if (answer.value.used_at !== null) this.visit.tell({ type: 'prize_redeemed', rally: rally.id })
    await this.cards.change(rally.id, (kept) => ({ ...kept, prize: answer.value }))
  }

  async show(): Promise<void> {
    const rally = this.rally
    if (rally === null) return
    const card = await this.cards.load(rally.id)
    for (const seal of this.root.querySelectorAll<HTMLElement>('[data-stamp]')) this.showSeal(seal, card)
    const { count, complete } = standing(rally, stampedOn(card))
    need(this.root, '.count').textContent = this.own(complete ? 'complete' : 'count', { count, needed: rally.needed })
    const drawn = JSON.stringify([card, this.visit.state.location, this.visit.state.trigger.current])
    if (drawn === this.drawn) return // a field that somebody types into stays
    this.stopCamera()
    this.drawn = drawn
    const hadFocus = need(this.root, '.acts').contains(this.page.activeElement)
    need(this.root, '.acts').replaceChildren(...this.actsOf(rally, card))
    if (hadFocus) this.root.querySelector<HTMLElement>('.acts button, .acts input')?.focus()
    this.showPrize(rally, card)
  }

  private showSeal(seal: HTMLElement, card: Card): void {
    const stamp = card.stamps.find(({ landmark }) => landmark === seal.dataset['stamp'])
    seal.classList.toggle('stamped-on', stamp !== undefined)
    seal.classList.toggle('unchecked', stamp !== undefined && !stamp.checked)
    const word = stamp === undefined ? 'seal_open' : stamp.checked ? 'seal_there' : 'seal_kept'
    need(seal, '.seal-word').textContent = this.own(word)
  }

  /** What can be done for the next stamp. */
  private actsOf(rally: Rally, card: Card): Node[] {
    const stamped = stampedOn(card)
    const at = this.visit.io.clock.now()
    const missing = rally.landmarks.filter((landmark) => judge(rally, stamped, landmark, at) === 'new')
    if (missing.length === 0) return stamped.length === 0 ? [] : [this.forgetting(rally)]
    const next = rally.order === 'fixed' ? [this.line('next', { name: this.nameOf(missing[0] ?? null) })] : []
    const ways = rally.proof === 'none' ? this.waysByPosition(rally, missing) : [this.codeForm(rally, missing)]
    return [...next, ...ways, ...(stamped.length === 0 ? [] : [this.forgetting(rally)])]
  }

  private waysByPosition(rally: Rally, missing: readonly string[]): Node[] {
    if (this.visit.state.location === 'granted') return [this.line('by_itself')]
    const buttons = missing.map((landmark) =>
      makeButton(
        this.page,
        this.own('here', { name: this.nameOf(landmark) }),
        () => void this.stampHere(rally, landmark)
      )
    )
    return [this.line('by_hand'), make(this.page, 'div', { className: 'buttons' }, ...buttons)]
  }

  private async stampHere(rally: Rally, landmark: string): Promise<void> {
    if (!(await addStamp(this.visit, rally, landmark))) return
    const { count } = standing(rally, stampedOn(await this.cards.load(rally.id)))
    this.say('taken', { name: this.nameOf(landmark), count, needed: rally.needed })
  }

  private codeForm(rally: Rally, missing: readonly string[]): HTMLElement {
    const { page } = this
    const where = make(page, 'select', { id: 'card-place' })
    for (const id of missing) where.append(make(page, 'option', { value: id }, this.nameOf(id)))
    const here = this.visit.state.trigger.current
    if (here !== null && missing.includes(here)) where.value = here
    const field = make(page, 'input', {
      id: 'card-code',
      className: 'code-field',
      maxLength: 20,
      autocomplete: 'off',
      spellcheck: false
    })
    field.setAttribute('autocapitalize', 'characters')
    field.required = true
    const form = make(
      page,
      'form',
      { className: 'fields card-form' },
      make(page, 'label', { htmlFor: where.id }, this.own('place')),
      where,
      make(page, 'label', { htmlFor: field.id }, this.own('code')),
      field,
      make(page, 'button', { type: 'submit', className: 'primary' }, this.own('take'))
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.takeCode(rally, where.value, field.value)
    })
    const scan = make(page, 'div', { className: 'card-scan' })
    scan.append(makeButton(page, this.own('scan'), () => void this.scan(rally, scan)))
    return make(page, 'div', {}, scan, form)
  }

  /** The camera goes off, and the button comes back at the next look. */
  stopCamera(): void {
    if (this.stopScanning === null) return
    this.stopScanning()
    this.stopScanning = null
    this.drawn = ''
  }

  /** The camera's picture in place of the button, until a code is seen or the visitor has enough. */
  private async scan(rally: Rally, root: HTMLElement): Promise<void> {
    const { page } = this
    const view = page.defaultView
    if (view === null) return
    const picture = make(page, 'div', { className: 'card-picture' })
    const end = (): void => {
      this.stopCamera()
      this.drawn = ''
      void this.show()
    }
    root.replaceChildren(this.line('scan_look'), picture, makeButton(page, this.own('scan_stop'), end))
    root.querySelector('button')?.focus()
    const { scanSpot } = await import('./scan')
    this.stopScanning = await scanSpot(view, picture, {
      onSpot: (scanned) => {
        end()
        const own = scanned.site === this.visit.site && scanned.rally === rally.id
        void (own ? this.takeCode(rally, scanned.landmark, scanned.code) : this.say('scan_other'))
      },
      onOther: () => this.say('scan_other'),
      onBroken: () => {
        end()
        this.say('scan_broken')
      }
    })
  }

  /** The card belongs to its holder: gone from the phone when they want. */
  private forgetting(rally: Rally): HTMLElement {
    const forget = async (): Promise<void> => {
      await this.cards.forget(rally.id)
      this.say('forgotten')
      await this.show()
    }
    const button = makeButton(this.page, this.own('forget'), () => void forget())
    const details = make(this.page, 'details', {}, make(this.page, 'summary', {}, this.own('forget_ask')))
    details.append(make(this.page, 'p', {}, this.own('forget_help')), button)
    return details
  }

  private showPrize(rally: Rally, card: Card): void {
    const place = need(this.root, '.prize')
    const { complete } = standing(rally, stampedOn(card))
    place.hidden = !complete || rally.prize === ''
    if (place.hidden) return
    if (card.prize === null) {
      place.replaceChildren(this.line(isProven(rally, card) ? 'prize_wait' : 'prize_unproven'))
      return
    }
    const { code, qr, used_at } = card.prize
    const drawn = new DOMParser().parseFromString(qr, 'text/html') // as in a page: an SVG without a namespace of its own
    const picture = make(this.page, 'div', { className: 'prize-qr' }, this.page.importNode(need(drawn, 'svg'), true))
    picture.setAttribute('aria-hidden', 'true')
    const used = used_at === null ? '' : this.sayMoment(used_at)
    place.classList.toggle('is-used', used_at !== null)
    place.replaceChildren(
      this.line(used_at === null ? 'prize_show' : 'prize_used', { when: used }),
      make(this.page, 'p', { className: 'prize-code' }, code),
      ...(used_at === null ? [picture] : [])
    )
  }

  private line(key: string, parts: Record<string, string | number> = {}): HTMLElement {
    return make(this.page, 'p', {}, this.own(key, parts))
  }

  private nameOf(landmark: string | null): string {
    return this.visit.state.site?.landmarks.find(({ id }) => id === landmark)?.name ?? ''
  }

  private place(rally: Rally): Place {
    return { site: this.visit.site, rally, io: this.visit.io }
  }

  private say(key: string, parts: Record<string, string | number> = {}): void {
    const sentence = this.own(key, parts)
    const said = need(this.root, '.said')
    said.hidden = false
    said.textContent = sentence
    announce(this.page, sentence)
  }
}

/** The sentence for a refusal of the server's. */
function refusalOf(code: string): string {
  const known = ['proof_wrong', 'proof_old', 'proof_spent', 'rally_over', 'prize_over', 'rally_unknown']
  return known.includes(code) ? code : 'refused_other'
}
