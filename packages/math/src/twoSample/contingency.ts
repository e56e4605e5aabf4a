import { PodError } from '@mlpod/contract'
import { hypergeometricPmf } from '../binomial.ts'
import { chiSquareTail } from '../chiSquare.ts'
import { normalCdf } from '../normal.ts'
import type { TestResult } from './twoSample.ts'

/** How often each of the same categories occurs on both sides. */
type Counts = ArrayLike<number>

function sums(a: Counts, b: Counts, test: string): { n: number; m: number } {
  if (a.length !== b.length)
    throw new PodError('LENGTH_MISMATCH', `${test} compares ${a.length} categories with ${b.length}`, {
      hint: 'a category that one side lacks has the count 0 there',
    })
  let [n, m] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    n += a[i]
    m += b[i]
  }
  if (!(n > 0 && m > 0)) throw new PodError('SAMPLE_TOO_SMALL', `${test} needs values on both sides`)
  return { n, m }
}

/**
 * Returns Pearson's statistic of the counts `b` against the shares of `a`, taken as known, with k - 1 degrees of freedom.
 * A category new in `b` gives an infinite statistic and p = 0; a single category gives p = 1. It ignores the sampling error
 * of `a`: `homogeneity` is the test of two samples. Source: Pearson (1900); scipy `chisquare`.
 */
export function goodnessOfFit(a: Counts, b: Counts): TestResult {
  const { n, m } = sums(a, b, 'the chi-square test')
  let statistic = 0
  for (let i = 0; i < a.length; i++) {
    const expected = (a[i] * m) / n
    if (expected > 0 || b[i] > 0) statistic += (b[i] - expected) ** 2 / expected
  }
  return { statistic, pValue: a.length < 2 ? 1 : statistic === Infinity ? 0 : chiSquareTail(statistic, a.length - 1) }
}

/**
 * Returns the likelihood-ratio statistic of the counts `b` against the shares of `a`, taken as known.
 * Source: Woolf (1957); scipy `power_divergence(lambda_="log-likelihood")`, of which this accepts sides of different sizes.
 */
export function gTest(a: Counts, b: Counts): TestResult {
  const { n, m } = sums(a, b, 'the G test')
  let statistic = 0
  for (let i = 0; i < a.length; i++) if (b[i] > 0) statistic += 2 * b[i] * Math.log((b[i] * n) / (a[i] * m))
  return {
    statistic,
    pValue: a.length < 2 ? 1 : statistic === Infinity ? 0 : chiSquareTail(Math.max(0, statistic), a.length - 1),
  }
}

/** Returns Pearson's statistic of homogeneity of two samples, k - 1 degrees of freedom for k categories that occur. Source: Pearson (1911). */
export function homogeneity(a: Counts, b: Counts): TestResult {
  const { n, m } = sums(a, b, 'the test of homogeneity')
  let [statistic, categories] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    const both = a[i] + b[i]
    if (both === 0) continue
    categories++
    const [first, second] = [(both * n) / (n + m), (both * m) / (n + m)]
    statistic += (a[i] - first) ** 2 / first + (b[i] - second) ** 2 / second
  }
  return { statistic, pValue: categories < 2 ? 1 : chiSquareTail(statistic, categories - 1) }
}

/** Returns z of two proportions with a pooled variance and its two-sided p-value; 1 when both are constant and equal. */
export function proportionTest(
  first: { readonly successes: number; readonly n: number },
  second: { readonly successes: number; readonly n: number },
): TestResult {
  const pooled = (first.successes + second.successes) / (first.n + second.n)
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / first.n + 1 / second.n))
  const difference = first.successes / first.n - second.successes / second.n
  if (spread === 0) return { statistic: 0, pValue: 1 }
  return { statistic: difference / spread, pValue: 2 * normalCdf(-Math.abs(difference / spread)) }
}

/** Probabilities as likely as the observed one but for rounding count with it: scipy's slack. */
const SLACK = 1 + 1e-14

/**
 * Returns the odds ratio of the table [[a, b], [c, d]] and the two-sided p-value of Fisher's exact test: the probability of all
 * tables with these margins that are at most as likely. Source: Fisher (1922); scipy `fisher_exact`.
 */
export function fisherExact(table: readonly [readonly [number, number], readonly [number, number]]): TestResult {
  const [[a, b], [c, d]] = table
  for (const count of [a, b, c, d])
    if (!(Number.isSafeInteger(count) && count >= 0))
      throw new PodError('COUNT_INVALID', `${count} in the table of Fisher's test is no count`)
  const [total, marked, drawn] = [a + b + c + d, a + b, a + c]
  const statistic = b * c > 0 ? (a * d) / (b * c) : a * d > 0 ? Infinity : Number.NaN
  if ([a + b, c + d, a + c, b + d].includes(0)) return { statistic: Number.NaN, pValue: 1 }
  const observed = hypergeometricPmf(a, total, marked, drawn) * SLACK
  let pValue = 0
  for (let k = Math.max(0, drawn - (total - marked)); k <= Math.min(marked, drawn); k++) {
    const p = hypergeometricPmf(k, total, marked, drawn)
    if (p <= observed) pValue += p
  }
  return { statistic, pValue: Math.min(1, pValue) }
}
