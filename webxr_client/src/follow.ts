/** Pages that are looked at with a group: this phone opens what the guide's phone opens, and asks before it ends a view. */

const ASK_MS = 2000
const LONGEST_WAIT_MS = 30_000
const TIMEOUT_MS = 8000
const KNOWN = 'group-step'
const VISIT = /^\/[A-Za-z-]+\/[^/]+\//
const OTHER = /^\/(api|g|r|s|static|packages|media|memories|questions)\//

/** Where the group is, as the server says it in this page's language. */
interface Now {
  step: number
  ended: boolean
  stop: string | null
  name: string
}

/** What this page is: code and key of its group, and whether it is the guide's own phone. */
interface Membership {
  code: string
  key: string
  leads: boolean
}

/** The group of a page, from its address or, on the page that a code opens, from the page; null without one. */
export function readMembership(view: Window): Membership | null {
  const asked = new URLSearchParams(view.location.search)
  const main = view.document.querySelector<HTMLElement>('main')
  const [, code, key] = /^([0-9A-Z]{6})\.([0-9A-Z]{10})$/.exec(asked.get('group') ?? main?.dataset['group'] ?? '') ?? []
  return code === undefined || key === undefined ? null : { code, key, leads: asked.has('lead') }
}

/** The address of a stop for this page's site and language; null where the page is of no site. */
export function addressOf(view: Window, stop: string, { code, key }: Membership): string | null {
  const language = view.document.documentElement.dataset['language']
  const site = view.document.querySelector<HTMLElement>('main')?.dataset['site']
  if (language === undefined || site === undefined) return null
  return `/${language}/${site}/${stop}?group=${code}.${key}`
}

/** Whether a page shows a stop: a scene's own page and the one that fills the screen with it are the same place. */
export function isAt(path: string, stop: string): boolean {
  return path.replace(VISIT, '').replace(/^xr\//, 'experiences/') === stop
}

/** Follow the guide until the group ends or is left; gives what stops it. */
export function follow(view: Window, member: Membership): () => void {
  const page = view.document
  const bar = new Bar(view, member)
  let tag = ''
  let wait_ms = ASK_MS
  let timer = 0
  let over = false
  let asking = false
  const releaseLinks = keepLinks(page, member)
  const later = (): void => {
    if (!over) timer = view.setTimeout(() => void ask(), wait_ms)
  }
  const take = (answer: Answer): void => {
    wait_ms = answer === 'lost' ? Math.min(2 * wait_ms, LONGEST_WAIT_MS) : ASK_MS
    bar.showLost(answer === 'lost')
    if (answer === 'gone' || (typeof answer === 'object' && answer.now.ended)) {
      over = true
      releaseLinks()
      bar.end()
    } else if (typeof answer === 'object') {
      tag = answer.tag
      bar.hear(answer.now)
    }
  }
  const ask = async (): Promise<void> => {
    view.clearTimeout(timer)
    if (asking || page.visibilityState === 'hidden') return // asked again as soon as somebody looks
    asking = true
    const answer = await askNow(view, member, tag)
    asking = false
    if (!over) take(answer)
    later()
  }
  const seen = (): void => {
    if (page.visibilityState !== 'hidden' && !over) void ask()
  }
  page.addEventListener('visibilitychange', seen)
  void ask()
  return () => {
    over = true
    view.clearTimeout(timer)
    releaseLinks()
    page.removeEventListener('visibilitychange', seen)
  }
}

type Answer = { now: Now; tag: string } | 'same' | 'lost' | 'gone'

async function askNow(view: Window, { code, key }: Membership, tag: string): Promise<Answer> {
  const abort = new AbortController()
  const timer = view.setTimeout(() => abort.abort(), TIMEOUT_MS)
  const language = view.document.documentElement.dataset['language'] ?? ''
  const headers: Record<string, string> = tag === '' ? {} : { 'If-None-Match': tag }
  try {
    const address = `/g/${code}/now?key=${key}&lang=${language}`
    const answer = await view.fetch(address, { cache: 'no-store', headers, signal: abort.signal })
    if (answer.status === 304) return 'same'
    if (answer.status === 404) return 'gone'
    if (!answer.ok) return 'lost'
    return { now: (await answer.json()) as Now, tag: answer.headers.get('etag') ?? '' }
  } catch {
    return 'lost'
  } finally {
    view.clearTimeout(timer)
  }
}

/** Links to other pages of the visit stay with the group; gives what ends that. */
function keepLinks(page: Document, member: Membership): () => void {
  const keep = (event: Event): void => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null
    if (link === null || link.hasAttribute('download') || link.closest('.group-bar') !== null) return
    const url = new URL(link.href, page.location.href)
    const there = url.origin === page.location.origin && VISIT.test(url.pathname) && url.hash === ''
    if (!there || OTHER.test(url.pathname)) return
    url.searchParams.set('group', `${member.code}.${member.key}`)
    if (member.leads) url.searchParams.set('lead', '1')
    link.href = url.href
  }
  page.addEventListener('click', keep, true)
  return () => page.removeEventListener('click', keep, true)
}

/** The line that says where the group is; it decides whether the page goes along. */
class Bar {
  private readonly texts: Record<string, string>
  private readonly element: HTMLElement
  private readonly word: HTMLElement
  private readonly acts: HTMLElement
  private readonly lost: HTMLElement

  constructor(
    private readonly view: Window,
    private readonly member: Membership
  ) {
    const page = view.document
    this.texts = JSON.parse(page.getElementById('follow-texts')?.textContent ?? '{}') as Record<string, string>
    this.element = page.createElement('section')
    this.element.className = 'group-bar'
    this.element.setAttribute('aria-label', this.say('with'))
    this.word = page.createElement('p')
    this.word.setAttribute('role', 'status')
    this.lost = page.createElement('p')
    this.lost.setAttribute('role', 'status')
    this.lost.className = 'group-lost'
    this.acts = page.createElement('p')
    this.acts.className = 'group-acts'
    this.element.append(this.word, this.lost, this.acts)
    const scene = page.querySelector('.overlay-words')
    if (scene !== null) scene.append(this.element)
    else page.querySelector('main')?.before(this.element)
    this.show(this.say('with'))
  }

  /** Take in where the group is now. */
  hear(now: Now): void {
    const { view, member } = this
    const address = now.stop === null ? null : addressOf(view, now.stop, member)
    if (now.stop === null || address === null) this.show(this.say('with'))
    else if (isAt(view.location.pathname, now.stop)) {
      this.remember(now.step)
      this.show(this.say('here'))
    } else if (member.leads || this.known() === now.step) this.offer(now, address)
    else if (this.isLooking()) this.ask(now, address)
    else {
      this.remember(now.step)
      view.location.assign(address)
    }
  }

  /** The group has ended: the page stays as it is. */
  end(): void {
    this.lost.textContent = ''
    this.word.textContent = this.say('ended')
    this.acts.replaceChildren(this.leaveLink())
    this.view.sessionStorage.removeItem(KNOWN)
  }

  showLost(lost: boolean): void {
    const said = lost ? this.say('lost') : ''
    if (this.lost.textContent !== said) this.lost.textContent = said
  }

  /** Whether a camera view, AR or a walk is running, which going on would end. */
  private isLooking(): boolean {
    return this.view.document.querySelector('.overlay[data-ar], .overlay[data-way]') !== null
  }

  private ask(now: Now, address: string): void {
    const stay = this.view.document.createElement('button')
    stay.type = 'button'
    stay.textContent = this.say('stay')
    stay.addEventListener('click', () => {
      this.remember(now.step)
      this.offer(now, address)
    })
    this.show(this.say('ask', now.name), this.goLink(now, address), stay)
    this.element.classList.add('is-asking')
  }

  /** Somebody who looks elsewhere by choice is led back by a tap. */
  private offer(now: Now, address: string): void {
    this.show(this.say('at', now.name), this.goLink(now, address))
  }

  private show(sentence: string, ...acts: HTMLElement[]): void {
    this.element.classList.remove('is-asking')
    if (this.word.textContent !== sentence) this.word.textContent = sentence
    this.acts.replaceChildren(...acts, this.member.leads ? this.leadLink() : this.leaveLink())
  }

  private goLink(now: Now, address: string): HTMLElement {
    const link = this.link(this.member.leads ? `${address}&lead=1` : address, this.say('go'))
    link.addEventListener('click', () => this.remember(now.step))
    return link
  }

  private leaveLink(): HTMLElement {
    const url = new URL(this.view.location.href)
    for (const name of ['group', 'lead']) url.searchParams.delete(name)
    const main = this.view.document.querySelector<HTMLElement>('main')
    const language = this.view.document.documentElement.dataset['language']
    // the page that a code opens is nothing without the group
    const home = main?.dataset['group'] === undefined ? null : `/${language}/${main.dataset['site']}/`
    return this.link(home ?? `${url.pathname}${url.search}`, this.say('leave'))
  }

  private leadLink(): HTMLElement {
    const language = this.view.document.documentElement.dataset['language'] ?? ''
    return this.link(`/g/${this.member.code}/lead?lang=${language}`, this.say('lead'))
  }

  private link(href: string, word: string): HTMLAnchorElement {
    const link = this.view.document.createElement('a')
    link.href = href
    link.textContent = word
    return link
  }

  private say(key: string, name = ''): string {
    return (this.texts[key] ?? '').replace('{name}', name)
  }

  /** The step this tab has gone along with; none on a phone that has just joined. */
  private known(): number {
    const [code, step] = (this.view.sessionStorage.getItem(KNOWN) ?? '').split(' ')
    return code === this.member.code ? Number(step) : -1
  }

  private remember(step: number): void {
    this.view.sessionStorage.setItem(KNOWN, `${this.member.code} ${step}`)
  }
}

const member = readMembership(window)
if (member !== null) follow(window, member)
