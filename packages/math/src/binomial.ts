import { type Count, PodError } from '@mlpod/contract'
import { incompleteBeta } from './beta.ts'

/** Throws `COUNT_INVALID` unless 0 <= successes <= n are whole numbers. */
export function checkCount({ successes, n }: Count): void {
  if (!(Number.isSafeInteger(n) && Number.isSafeInteger(successes) && n >= 0 && successes >= 0 && successes <= n))
    throw new PodError('COUNT_INVALID', `${successes} successes of ${n} rows is no count`, {
      hint: 'successes and n are whole numbers with 0 <= successes <= n',
    })
}

/** Returns P(X <= k) of the binomial law of `n` trials with success probability `p`; NaN for p outside [0, 1]. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (!(p >= 0 && p <= 1 && n >= 0)) return Number.NaN
  const below = Math.floor(k)
  if (below < 0) return 0
  return below >= n ? 1 : incompleteBeta(below + 1, n - below, p).upper
}

/** Returns P(X >= k) of the binomial law, exact also where it is tiny. */
export function binomialTail(k: number, n: number, p: number): number {
  if (!(p >= 0 && p <= 1 && n >= 0)) return Number.NaN
  const from = Math.ceil(k)
  if (from <= 0) return 1
  return from > n ? 0 : incompleteBeta(from, n - from + 1, p).lower
}

/**
 * Returns the exact one-sided p-value of a proportion against `p0`: `greater` tests "the true value is <= p0" by
 * P(X >= successes), `less` tests "it is >= p0" by P(X <= successes). Throws `COUNT_INVALID`.
 */
export function binomialPValue(count: Count, p0: number, alternative: 'greater' | 'less'): number {
  checkCount(count)
  return alternative === 'greater'
    ? binomialTail(count.successes, count.n, p0)
    : binomialCdf(count.successes, count.n, p0)
}
