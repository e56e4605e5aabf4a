import { type Count, PodError } from '@mlpod/contract'
import { incompleteBeta } from './beta.ts'
import { logMinus, stirlingRemainder } from './gamma.ts'

/** Throws `COUNT_INVALID` unless 0 <= successes <= n are whole numbers. */
export function checkCount({ successes, n }: Count): void {
  if (!(Number.isSafeInteger(n) && Number.isSafeInteger(successes) && n >= 0 && successes >= 0 && successes <= n))
    throw new PodError('COUNT_INVALID', `${successes} successes of ${n} rows is no count`, {
      hint: 'successes and n are whole numbers with 0 <= successes <= n',
    })
}

/** k log(k / mean) + mean - k, without cancellation. */
const deviance = (k: number, mean: number): number => -k * logMinus(mean / k, (mean - k) / k)

/** Returns P(X = k) of the binomial law, to full relative precision also for huge n. Source: Loader (2000). */
export function binomialPmf(k: number, n: number, p: number): number {
  const q = 1 - p
  if (k < 0 || k > n) return 0
  if (k === 0) return Math.exp(n * Math.log1p(-p))
  if (k === n) return p ** n
  const exponent =
    stirlingRemainder(n) - stirlingRemainder(k) - stirlingRemainder(n - k) - deviance(k, n * p) - deviance(n - k, n * q)
  return Math.sqrt(n / (2 * Math.PI * k * (n - k))) * Math.exp(exponent)
}

/**
 * Returns P(X = k) where X counts the marked among `drawn` of `total` things of which `marked` are marked: the hypergeometric law.
 * Source: Loader (2000).
 */
export function hypergeometricPmf(k: number, total: number, marked: number, drawn: number): number {
  if (k < Math.max(0, drawn - (total - marked)) || k > Math.min(marked, drawn)) return 0
  if (drawn === 0 || drawn === total) return 1
  const p = drawn / total
  return (binomialPmf(k, marked, p) / binomialPmf(drawn, total, p)) * binomialPmf(drawn - k, total - marked, p)
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
