/** Captions beside a sound: browsers show those of a video only, so the lines are read and written into the page. */
import { make } from './dom'

/** One caption; from and until in seconds of the sound. */
export interface Cue {
  from_s: number
  until_s: number
  text: string
}

const TIMES = /^(?:(\d+):)?(\d{2}):(\d{2})[.,](\d{3})\s+-->\s+(?:(\d+):)?(\d{2}):(\d{2})[.,](\d{3})/

/** The cues of a WebVTT file in their order; what is no cue (header, notes, styles) is passed over. */
export function parseCaptions(file: string): Cue[] {
  const blocks = file.replace(/^\uFEFF/, '').split(/\r?\n\r?\n+/)
  return blocks.flatMap((block) => {
    const lines = block.split(/\r?\n/)
    const at = lines.findIndex((line) => TIMES.test(line))
    const found = TIMES.exec(lines[at] ?? '')
    if (found === null) return []
    const seconds = (from: number): number =>
      Number(found[from] ?? 0) * 3600 +
      Number(found[from + 1]) * 60 +
      Number(found[from + 2]) +
      Number(found[from + 3]) / 1000
    const text = lines
      .slice(at + 1)
      .join(' ')
      .replace(/<[^>]*>/g, '')
      .trim()
    return text === '' ? [] : [{ from_s: seconds(1), until_s: seconds(5), text }]
  })
}

/** The caption to show at a moment of the sound; empty between two. */
export function captionAt(cues: readonly Cue[], at_s: number): string {
  return cues.find(({ from_s, until_s }) => from_s <= at_s && at_s < until_s)?.text ?? ''
}

/** A line that follows a sound with the captions at an address; it stays empty when these cannot be had. */
export function followCaptions(sound: HTMLAudioElement, address: string, language: string): HTMLElement {
  const line = make(sound.ownerDocument, 'p', { className: 'caption', lang: language })
  let cues: Cue[] = []
  void fetch(address)
    .then((answer) => (answer.ok ? answer.text() : ''))
    .then(
      (file) => {
        cues = parseCaptions(file)
        show()
      },
      () => undefined
    )
  const show = (): void => {
    const text = captionAt(cues, sound.currentTime)
    if (line.textContent !== text) line.textContent = text
  }
  sound.addEventListener('timeupdate', show)
  return line
}
