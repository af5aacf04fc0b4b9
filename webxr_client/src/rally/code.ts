/** Codes of signs and tablets as people type them. The server makes and checks them: domain/rally.py, domain/sealed_code.py. */

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ALIKE: Record<string, string> = { O: '0', I: '1', L: '1' }
const SHOWN_MS = 30_000
const OLDEST_SHOWN = 2
const SIGN_LENGTH = 8
const MOMENT_LENGTH = 9
const MOMENTS = 32 ** 3

/** Capitals and digits alone, what looks alike made one. */
export function cleanCode(typed: string): string {
  return typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/[OIL]/g, (letter) => ALIKE[letter] ?? letter)
}

/** Whether a code has its right length and no slip of one letter. */
export function isWhole(code: string, proof: 'sign' | 'rotating'): boolean {
  if (code.length !== (proof === 'sign' ? SIGN_LENGTH : MOMENT_LENGTH)) return false
  const values = [...code].map((letter) => LETTERS.indexOf(letter))
  const check = values.pop()
  const sum = values.reduce((total, value, place) => total + (2 * place + 1) * value, 0)
  return !values.includes(-1) && sum % 32 === check
}

/** Whether a tablet may show this code at a moment in ms UTC, as a phone without a connection can tell. */
export function isShownNow(code: string, at: number): boolean {
  const shown_in = [...code.slice(0, 3)].reduce((total, letter) => total * 32 + LETTERS.indexOf(letter), 0)
  const behind = Math.floor(at / SHOWN_MS) + 1 - shown_in // one ahead is taken too: clocks differ
  return ((behind % MOMENTS) + MOMENTS) % MOMENTS <= OLDEST_SHOWN + 1
}
