/**
 * A stamp card as facts, and what follows from them. Pure. The server holds the same rules in domain/rally.py;
 * tests/contract/rally.json holds both to them.
 */
import type { Rally } from '../wire'

/** A stamp; where a code proves it, the code, until the server has taken it. */
export interface Stamp {
  landmark: string
  code?: string
  checked: boolean
}

/** The code to show at a counter. used_at: ms UTC, when it was handed out for. */
export interface Prize {
  code: string
  qr: string
  used_at: number | null
}

/** What a phone keeps of a rally: a number at random and the stamps in the order they came. */
export interface Card {
  number: string
  stamps: Stamp[]
  prize: Prize | null
}

export type Verdict = 'new' | 'there' | 'elsewhere' | 'too_early' | 'ahead' | 'over'

/** A card without stamps, with a number that nobody else has. */
export function newCard(random: Uint8Array): Card {
  const number = Array.from(random.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return { number, stamps: [], prize: null }
}

/** What becomes of a stamp of a landmark at a moment in ms UTC. */
export function judge(rally: Rally, stamped: readonly string[], landmark: string, at: number): Verdict {
  if (!rally.landmarks.includes(landmark)) return 'elsewhere'
  if (stamped.includes(landmark)) return 'there'
  if (at < Date.parse(rally.starts_at)) return 'ahead'
  if (at >= Date.parse(rally.ends_at)) return 'over'
  return nextInOrder(rally, stamped) === landmark || rally.order === 'free' ? 'new' : 'too_early'
}

/** The first landmark without a stamp, in the rally's order; null when all have one. */
export function nextInOrder(rally: Rally, stamped: readonly string[]): string | null {
  return rally.landmarks.find((landmark) => !stamped.includes(landmark)) ?? null
}

export function stampedOn(card: Card): string[] {
  return card.stamps.map(({ landmark }) => landmark)
}

/** How many stamps of the rally count, and whether they win. */
export function standing(rally: Rally, stamped: readonly string[]): { count: number; complete: boolean } {
  const count = rally.landmarks.filter((landmark) => stamped.includes(landmark)).length
  return { count, complete: count >= rally.needed }
}

/** Whether every stamp that wins was taken by the server, where the rally asks for proof. */
export function isProven(rally: Rally, card: Card): boolean {
  const proven = card.stamps.filter(({ checked }) => checked || rally.proof === 'none')
  return standing(
    rally,
    proven.map(({ landmark }) => landmark)
  ).complete
}
