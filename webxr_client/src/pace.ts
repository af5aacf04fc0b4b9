/** How fast something goes, and how long the rest will take at that: from what was heard in the last seconds. */

const WINDOW_MS = 15_000 // a line that changes is judged by what it does now
const LEAST_MS = 3000 // sooner, any number would be a guess

export interface Pace {
  per_s: number
  left_s: number
}

/** The sentences of a time that is left, with `{count}` in them. */
export interface LeftWords {
  seconds: string
  minutes: string
}

/** Hears how much of all is done, in whatever unit, and tells the pace; null while that cannot be said. */
export function createPace(): (done: number, all: number, at_ms: number) => Pace | null {
  let heard: { done: number; at_ms: number }[] = []
  return (done, all, at_ms) => {
    if (done < (heard.at(-1)?.done ?? 0)) heard = [] // begun anew
    heard.push({ done, at_ms })
    heard = heard.filter((one) => at_ms - one.at_ms <= WINDOW_MS)
    const first = heard[0]
    if (first === undefined || at_ms - first.at_ms < LEAST_MS || done <= first.done) return null
    const per_s = ((done - first.done) * 1000) / (at_ms - first.at_ms)
    return { per_s, left_s: (all - done) / per_s }
  }
}

/** The time left in words, no finer than it is known. */
export function sayLeft(left_s: number, words: LeftWords): string {
  const [sentence, count] =
    left_s < 90 ? [words.seconds, Math.max(5, Math.round(left_s / 5) * 5)] : [words.minutes, Math.round(left_s / 60)]
  return sentence.replace('{count}', String(count))
}
