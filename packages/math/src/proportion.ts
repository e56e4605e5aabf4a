import { type Count, PodError } from '@mlpod/contract'
import { betaQuantile } from './beta.ts'
import { checkCount } from './binomial.ts'
import { normalQuantile } from './normal.ts'

/** An estimate with its confidence interval. */
export interface Interval {
  readonly estimate: number
  readonly lower: number
  readonly upper: number
}

/** Both ends at once, or one end with all the error on it (the other end is then the trivial one). */
export type Sides = 'both' | 'lower' | 'upper'

/** Settings of an interval: `confidence` in (0, 1), 0.95 by default; `sides`, both by default. */
export interface IntervalOptions {
  readonly confidence?: number
  readonly sides?: Sides
}

/** Returns the error left for one end. Throws `CONFIDENCE_INVALID` unless 0 < confidence < 1. */
export function errorOfEnd(confidence: number, sides: Sides): number {
  if (!(confidence > 0 && confidence < 1))
    throw new PodError('CONFIDENCE_INVALID', `the confidence ${confidence} is not between 0 and 1`, {
      hint: 'write 0.95 for 95 %',
    })
  return sides === 'both' ? (1 - confidence) / 2 : 1 - confidence
}

/**
 * Returns the exact interval of a proportion (0 to 1 for no rows, its estimate NaN); it covers at least as often as it says.
 * Source: Clopper, Pearson (1934).
 */
export function clopperPearson(count: Count, { confidence = 0.95, sides = 'both' }: IntervalOptions = {}): Interval {
  checkCount(count)
  const { successes, n } = count
  const error = errorOfEnd(confidence, sides)
  return {
    estimate: successes / n,
    lower: sides === 'upper' || successes === 0 ? 0 : betaQuantile(error, successes, n - successes + 1),
    // by the complement, so that the upper end of k is exactly one minus the lower end of n - k
    upper: sides === 'lower' || successes === n ? 1 : 1 - betaQuantile(error, n - successes, successes + 1),
  }
}

/** Returns the score interval of a proportion, approximate and shorter than the exact one. Source: Wilson (1927). */
export function wilson(count: Count, { confidence = 0.95, sides = 'both' }: IntervalOptions = {}): Interval {
  checkCount(count)
  const { successes, n } = count
  const z = -normalQuantile(errorOfEnd(confidence, sides))
  if (n === 0) return { estimate: Number.NaN, lower: 0, upper: 1 }
  const estimate = successes / n
  const square = z * z
  const centre = (successes + square / 2) / (n + square)
  const half = (z * Math.sqrt(successes * (1 - estimate) + square / 4)) / (n + square)
  return {
    estimate,
    lower: sides === 'upper' || successes === 0 ? 0 : Math.max(0, centre - half),
    upper: sides === 'lower' || successes === n ? 1 : Math.min(1, centre + half),
  }
}
