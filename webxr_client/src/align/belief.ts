/**
 * What is believed of where the visitor stands and how the tracked frame is turned: several normal distributions, since at
 * first any direction may be north. Pure.
 *
 * The eight unknowns: the visitor's place east and north of the site's origin; the yaw, which added to a heading in the
 * tracked frame gives the true heading; the present error of the satellites east and north, which stays for a while; the
 * present error of the compass; by how much the told way is too short; and how far aside of it the visitor really goes.
 */
import { at, diagonal, invert, type Matrix } from './matrix'

export const EAST = 0
export const NORTH = 1
export const YAW = 2
export const FIX_EAST = 3
export const FIX_NORTH = 4
export const COMPASS = 5
export const SCALE = 6
export const ASIDE = 7
export const SIZE = 8

/** One normal distribution, and the logarithm of its share in the whole. */
export interface Guess {
  logShare: number
  mean: readonly number[]
  cov: Matrix
}

export type Belief = readonly Guess[]

const TURNS = 16 // directions that are tried at first
const TURN_SIGMA = (0.6 * 2 * Math.PI) / TURNS
const LEAST_SHARE = Math.log(1e-4)
const SAME_SIGMAS = 0.5 // guesses whose yaw is nearer than this are one

/** The standard deviations at the beginning, beside yaw. */
export interface Beginning {
  east_m: number
  north_m: number
  sigma_m: number
  fix_m: number
  compass_rad: number
  scale: number
  aside_rad: number
}

/** Any direction may be north. */
export function begin({ east_m, north_m, sigma_m, fix_m, compass_rad, scale, aside_rad }: Beginning): Belief {
  const sigmas = [sigma_m, sigma_m, TURN_SIGMA, fix_m, fix_m, compass_rad, scale, aside_rad]
  const cov = diagonal(sigmas.map((sigma) => sigma * sigma))
  return Array.from({ length: TURNS }, (_, i) => ({
    logShare: -Math.log(TURNS),
    mean: [east_m, north_m, wrap((i * 2 * Math.PI) / TURNS), 0, 0, 0, 0, 0],
    cov
  }))
}

/** An angle between -pi and pi. */
export function wrap(angle_rad: number): number {
  return angle_rad - 2 * Math.PI * Math.round(angle_rad / (2 * Math.PI))
}

/** Shares that add up to one, without guesses that hardly count, those that have become one joined. */
export function tidy(guesses: Belief): Belief {
  const total = logSum(guesses.map(({ logShare }) => logShare))
  const kept = guesses
    .map((guess) => ({ ...guess, logShare: guess.logShare - total }))
    .filter(({ logShare }) => logShare > LEAST_SHARE)
    .sort((a, b) => b.logShare - a.logShare)
  const joined: Guess[] = []
  for (const guess of kept) {
    const i = joined.findIndex((other) => isSame(other, guess))
    const other = joined[i]
    if (other === undefined) joined.push(guess)
    else joined[i] = join([other, guess])
  }
  return joined
}

function logSum(logs: readonly number[]): number {
  const most = Math.max(...logs)
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0))
}

function isSame(a: Guess, b: Guess): boolean {
  return [EAST, NORTH, YAW].every((i) => {
    const off = (a.mean[i] ?? 0) - (b.mean[i] ?? 0)
    const variance = Math.min(at(a.cov, SIZE, i, i), at(b.cov, SIZE, i, i))
    return (i === YAW ? wrap(off) : off) ** 2 < SAME_SIGMAS ** 2 * variance
  })
}

/** The one normal distribution with mean and spread of all guesses; yaw is counted from the likeliest one. */
export function join(guesses: Belief): Guess {
  const first = guesses.reduce((a, b) => (b.logShare > a.logShare ? b : a))
  if (guesses.length === 1) return first
  const logShare = logSum(guesses.map((guess) => guess.logShare))
  const shares = guesses.map((guess) => Math.exp(guess.logShare - logShare))
  const offs = guesses.map(({ mean }) =>
    mean.map((value, i) => (i === YAW ? wrap(value - (first.mean[i] ?? 0)) : value - (first.mean[i] ?? 0)))
  )
  const shift = first.mean.map((_, i) => offs.reduce((sum, off, k) => sum + (shares[k] ?? 0) * (off[i] ?? 0), 0))
  const cov = first.cov.map((_, cell) => {
    const [row, column] = [Math.floor(cell / SIZE), cell % SIZE]
    return guesses.reduce((sum, guess, k) => {
      const away = (i: number): number => (offs[k]?.[i] ?? 0) - (shift[i] ?? 0)
      return sum + (shares[k] ?? 0) * ((guess.cov[cell] ?? 0) + away(row) * away(column))
    }, 0)
  })
  return { logShare, mean: first.mean.map((value, i) => value + (shift[i] ?? 0)), cov }
}

/** One thing observed, as a linear row near a state: observed minus expected, its slope in the unknowns, its deviation. */
export interface Row {
  off: number
  slope: readonly number[]
  sigma: number
}

const ROUNDS = 12
const SETTLED = 1e-6

type RowsAt = (state: readonly number[]) => readonly Row[]

/**
 * A guess after an observation: the likeliest state; its share follows how well the guess had foretold it. Rows that are not
 * linear are made anew at each state of Gauss-Newton steps, since a bearing to a near point changes with every metre.
 */
export function observe(guess: Guess, rowsAt: RowsAt, linear: boolean): Guess {
  const { inverse: prior, logDeterminant: before } = invert(guess.cov, SIZE)
  let state = guess.mean
  let solved = solve(guess, prior, state, rowsAt(state))
  for (let round = 0; round < (linear ? 1 : ROUNDS); round++) {
    const next = linear ? plus(state, solved.step, 1) : descend(guess, prior, state, solved.step, rowsAt)
    if (next === null) break
    state = next
    if (!linear) solved = solve(guess, prior, state, rowsAt(state))
  }
  const cost = costOf(guess, prior, state, rowsAt(state))
  const logShare = guess.logShare - cost + (solved.logDeterminant - before) / 2
  return { logShare, mean: state.map((value, i) => (i === YAW ? wrap(value) : value)), cov: solved.cov }
}

function plus(state: readonly number[], step: readonly number[], share: number): number[] {
  return state.map((value, i) => value + share * (step[i] ?? 0))
}

/** The state after as much of a step as leads down; null when it leads nowhere any more. */
function descend(
  guess: Guess,
  prior: Matrix,
  state: readonly number[],
  step: readonly number[],
  rowsAt: RowsAt
): number[] | null {
  const cost = costOf(guess, prior, state, rowsAt(state))
  for (let share = 1; share > 1e-3; share /= 2) {
    const next = plus(state, step, share)
    if (costOf(guess, prior, next, rowsAt(next)) < cost - SETTLED) return next
  }
  return null
}

function away(guess: Guess, state: readonly number[]): number[] {
  return state.map((value, i) => value - (guess.mean[i] ?? 0))
}

/** The negative logarithm of how likely a state is, but for a constant. */
function costOf(guess: Guess, prior: Matrix, state: readonly number[], rows: readonly Row[]): number {
  const off = away(guess, state)
  let cost = 0
  for (let i = 0; i < SIZE; i++) {
    for (let k = 0; k < SIZE; k++) cost += ((off[i] ?? 0) * at(prior, SIZE, i, k) * (off[k] ?? 0)) / 2
  }
  return rows.reduce((sum, { off: left, sigma }) => sum + (left / sigma) ** 2 / 2 + Math.log(sigma), cost)
}

function solve(
  guess: Guess,
  prior: Matrix,
  state: readonly number[],
  rows: readonly Row[]
): { step: number[]; cov: number[]; logDeterminant: number } {
  const information = [...prior]
  const off = away(guess, state)
  const pull = off.map((_, i) => -off.reduce((sum, value, k) => sum + at(prior, SIZE, i, k) * value, 0))
  for (const { off: residual, slope, sigma } of rows) {
    const weight = 1 / (sigma * sigma)
    for (let i = 0; i < SIZE; i++) {
      const lean = weight * (slope[i] ?? 0)
      if (lean === 0) continue
      pull[i] = (pull[i] ?? 0) + lean * residual
      for (let k = 0; k < SIZE; k++) {
        information[i * SIZE + k] = (information[i * SIZE + k] ?? 0) + lean * (slope[k] ?? 0)
      }
    }
  }
  const { inverse: cov, logDeterminant } = invert(information, SIZE)
  const step = pull.map((_, i) => pull.reduce((sum, value, k) => sum + at(cov, SIZE, i, k) * value, 0))
  return { step, cov, logDeterminant: -logDeterminant }
}
