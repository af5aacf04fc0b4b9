/** A page's story read aloud by a voice that lives on the device; voices of a service would send the text away. */
import { make, makeButton } from './dom'
import { plain, readText } from './ruby'
import type { Words } from './words'

const READ = 'h1, h2, h3, p, li, figcaption'
const UNREAD = '[hidden], nav, details, button, .crumb, .credit, .act, .aloud, .walk, .buttons, .help, .number, .guide'
const LONGEST = 180 // some browsers fall silent in the middle of a longer utterance

interface Piece {
  element: HTMLElement
  sentence: string
}

/** Offer to read the page's story as soon as the device has a voice of its own; again after the story was exchanged. */
export function offerReadAloud(view: Window, words: Words): void {
  const speech = view.speechSynthesis as SpeechSynthesis | undefined
  if (speech === undefined) return
  if (!layReader(view, words)) speech.addEventListener?.('voiceschanged', () => layReader(view, words), { once: true })
}

/** Whether a reader stands on the page now. */
function layReader(view: Window, words: Words): boolean {
  const page = view.document
  const title = page.querySelector('#story h1')
  const voice = pickVoice(view.speechSynthesis.getVoices(), page.documentElement.lang)
  if (title === null || voice === null) return false
  if (page.getElementById('aloud') === null) title.after(new Reader(view, voice, words).element)
  return true
}

/** A voice on the device that speaks the language, the one for the exact tag before others; null without any. */
export function pickVoice(voices: readonly SpeechSynthesisVoice[], tag: string): SpeechSynthesisVoice | null {
  const norm = (text: string): string => text.replace('_', '-').toLowerCase()
  const wanted = spokenTags(tag)
  const own = voices.filter(({ localService }) => localService)
  for (const one of wanted) {
    const found = own.find(({ lang }) => norm(lang) === one || norm(lang).startsWith(`${one}-`))
    if (found !== undefined) return found
  }
  return null
}

/** The tags voices go by: those of Chinese name a country rather than a script. */
function spokenTags(tag: string): string[] {
  if (tag === 'zh-Hans') return ['zh-cn', 'zh-sg', 'cmn-hans', 'zh-hans']
  if (tag === 'zh-Hant') return ['zh-tw', 'zh-hk', 'cmn-hant', 'zh-hant']
  const lower = tag.toLowerCase()
  const primary = lower.split('-')[0] ?? lower
  return primary === lower ? [lower] : [lower, primary]
}

/** What is read of a story, in order, in pieces a voice says in one go. */
export function piecesOf(story: HTMLElement): Piece[] {
  const blocks = [...story.querySelectorAll<HTMLElement>(READ)].filter(
    (block) => block.closest(UNREAD) === null && block.querySelector(READ) === null
  )
  return blocks.flatMap((element) =>
    cut(spoken(element)).map((sentence) => ({
      element,
      sentence
    }))
  )
}

function spoken(element: HTMLElement): string {
  const copy = element.cloneNode(true) as HTMLElement
  for (const silent of copy.querySelectorAll(UNREAD)) silent.remove()
  return plain(readText(copy)).replace(/\s+/g, ' ').trim()
}

function cut(text: string): string[] {
  const sentences = text.match(/[^。！？.!?]+[。！？.!?]*\s*/gu) ?? []
  const pieces: string[] = []
  for (const sentence of sentences) {
    const last = pieces.at(-1)
    if (last !== undefined && last.length + sentence.length <= LONGEST) pieces[pieces.length - 1] = last + sentence
    else pieces.push(sentence)
  }
  return pieces.map((piece) => piece.trim()).filter((piece) => /[\p{L}\p{N}]/u.test(piece))
}

class Reader {
  readonly element: HTMLElement
  private readonly button: HTMLButtonElement
  private at = 0
  private reading: Piece | null = null

  constructor(
    private readonly view: Window,
    private readonly voice: SpeechSynthesisVoice,
    private readonly words: Words
  ) {
    const page = view.document
    this.button = makeButton(page, words('aloud_start'), () => this.toggle())
    this.element = make(page, 'p', { id: 'aloud', className: 'aloud' }, this.button)
    view.addEventListener('pagehide', () => this.stop())
  }

  private toggle(): void {
    if (this.reading === null) this.say()
    else this.stop()
  }

  /** Say the next piece; what was left when it was stopped comes first. The story may have changed in between. */
  private say(): void {
    const story = this.view.document.getElementById('story')
    const pieces = story === null ? [] : piecesOf(story)
    const piece = pieces[this.at]
    if (piece === undefined) {
      this.at = 0
      this.show(null)
      return
    }
    this.show(piece)
    const utterance = new SpeechSynthesisUtterance(piece.sentence)
    utterance.voice = this.voice
    utterance.lang = this.voice.lang
    utterance.onend = () => {
      if (this.reading !== piece) return
      this.at += 1
      this.say()
    }
    utterance.onerror = () => {
      if (this.reading === piece) this.show(null)
    }
    this.view.speechSynthesis.speak(utterance)
  }

  private stop(): void {
    this.show(null)
    this.view.speechSynthesis.cancel()
  }

  private show(piece: Piece | null): void {
    this.reading?.element.classList.remove('read-now')
    piece?.element.classList.add('read-now')
    this.reading = piece
    const key = piece !== null ? 'aloud_stop' : this.at > 0 ? 'aloud_go_on' : 'aloud_start'
    this.button.textContent = this.words(key)
  }
}
