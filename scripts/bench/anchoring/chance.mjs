/** Chance that comes out the same each time: numbers from a seed, and the processes that errors follow. */

/** Uniform numbers in [0, 1) from a seed (mulberry32, public domain). */
export function makeUniform(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Normal numbers of deviation 1. */
export function makeNormal(seed) {
  const uniform = makeUniform(seed)
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}

/** A first-order Gauss-Markov process: each call gives its value so many seconds later. */
export function makeWandering(normal, sigma, stays_s) {
  let value = sigma * normal()
  return (passed_s) => {
    const keep = Math.exp(-passed_s / stays_s)
    value = keep * value + sigma * Math.sqrt(1 - keep * keep) * normal()
    return value
  }
}

/** A random walk whose deviation grows by `sigma` in the root of a minute. */
export function makeWalk(normal, sigma_per_root_min) {
  let value = 0
  return (passed_s) => {
    value += sigma_per_root_min * Math.sqrt(passed_s / 60) * normal()
    return value
  }
}
