import { getRandomValues } from 'node:crypto'
import { PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'

/** Uniform numbers in (0, 1). */
export type Uniform = () => number

/** Returns uniform numbers nobody can tell in advance. */
export const secretUniform = (): Uniform => {
  const words = new Uint32Array(512)
  let at = words.length
  return () => {
    if (at === words.length) {
      getRandomValues(words)
      at = 0
    }
    const [high, low] = [words[at] >>> 6, words[at + 1] >>> 6]
    at += 2
    // the middle of one of 2^52 equal cells: never 0 or 1
    return (high * 2 ** 26 + low + 0.5) / 2 ** 52
  }
}

/** Returns the uniform numbers of a seed: whoever knows the seed can take the noise away again. */
export const seededUniform = (seed: number): Uniform => {
  const { uniform } = random({ seed, path: 'privacy' })
  let i = 0
  return () => Math.max(uniform(i++), 2 ** -54)
}

/**
 * Returns a whole number from the discrete Laplace distribution: P(k) proportional to exp(-|k| / scale). Whole numbers have no trailing bits that
 * could give the value away that the noise hides. Source: Ghosh, Roughgarden, Sundararajan (2009); Mironov (2012).
 */
export function discreteLaplace(scale: number, uniform: Uniform): number {
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new PodError('OPTION_INVALID', `noise of the scale ${scale} is none`)
  const geometric = (): number => Math.floor(-Math.log(uniform()) * scale)
  // of two equal geometric numbers the difference
  return geometric() - geometric()
}

/**
 * Returns a whole number from the discrete normal distribution: P(k) proportional to exp(-k^2 / (2 sd^2)), by rejection from the discrete Laplace.
 * Source: Canonne, Kamath, Steinke (2020), algorithm 3.
 */
export function discreteGaussian(sd: number, uniform: Uniform): number {
  const scale = Math.floor(sd) + 1
  for (;;) {
    const k = discreteLaplace(scale, uniform)
    if (uniform() < Math.exp(-((Math.abs(k) - sd ** 2 / scale) ** 2) / (2 * sd ** 2))) return k
  }
}

/**
 * Returns a quantile of values within bounds by the exponential mechanism: an interval between neighbours has the weight of its width times
 * exp(-epsilon |its rank - q n| / 2), and the number is drawn uniformly from one. Source: Smith (2011), algorithm 2.
 */
export function privateQuantile(
  sorted: ArrayLike<number>,
  q: number,
  { min, max, epsilon, uniform }: { min: number; max: number; epsilon: number; uniform: Uniform },
): number {
  const n = sorted.length
  const edge = (i: number): number => (i === 0 ? min : i === n + 1 ? max : Math.min(max, Math.max(min, sorted[i - 1])))
  let best = Number.NEGATIVE_INFINITY
  let chosen = 0
  for (let i = 0; i <= n; i++) {
    const width = edge(i + 1) - edge(i)
    if (!(width > 0)) continue
    // the largest of weights in logarithms, each with Gumbel's noise, is a draw by weight
    const weight = Math.log(width) - (epsilon * Math.abs(i - q * n)) / 2 - Math.log(-Math.log(uniform()))
    if (weight > best) {
      best = weight
      chosen = i
    }
  }
  return edge(chosen) + uniform() * (edge(chosen + 1) - edge(chosen))
}
