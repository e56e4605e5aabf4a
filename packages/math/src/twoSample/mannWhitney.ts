import { normalCdf } from '../normal.ts'
import { type Runs, walk } from '../runs.ts'
import { type Alternative, checkSizes, type TestResult } from './twoSample.ts'

/** The smaller size up to which the p-value is exact, if there are no ties. */
const EXACT = 8

/**
 * Returns U of the first sample (pairs in which its value is larger, ties a half) and its p-value: exact when a side has
 * at most 8 values and there are no ties, else the normal law with correction for ties and continuity.
 * Throws `SAMPLE_TOO_SMALL`. Source: Mann, Whitney (1947); conventions of scipy 1.17 `mannwhitneyu`.
 */
export function mannWhitney(
  a: Runs,
  b: Runs,
  { alternative = 'two-sided' }: { readonly alternative?: Alternative } = {},
): TestResult {
  checkSizes(a, b, 'the Mann-Whitney test')
  const [n, m] = [a.n, b.n]
  let [before, rankSum, ties, tied] = [0, 0, 0, false]
  walk(a, b, (_, inA, inB) => {
    const l = inA + inB
    rankSum += inA * (before + (l + 1) / 2)
    ties += l ** 3 - l
    tied ||= l > 1
    before += l
  })
  const statistic = rankSum - (n * (n + 1)) / 2
  const other = n * m - statistic
  const u = { greater: statistic, less: other, 'two-sided': Math.max(statistic, other) }[alternative]
  const sides = alternative === 'two-sided' ? 2 : 1
  if (Math.min(n, m) <= EXACT && !tied) return { statistic, pValue: Math.min(1, sides * exactTail(u, n, m)) }
  const size = n + m
  const sd = Math.sqrt(((n * m) / 12) * (size + 1 - ties / (size * (size - 1))))
  return { statistic, pValue: Math.min(1, sides * normalCdf(-(u - (n * m) / 2 - 0.5) / sd)) }
}

/** P(U >= u) over all orders, by the coefficients of Gauss' binomial: the number of orders with each U. */
function exactTail(u: number, n: number, m: number): number {
  const [few, many] = [Math.min(n, m), Math.max(n, m)]
  const top = few * many
  const ways = new Float64Array(top + 1)
  ways[0] = 1
  for (let i = 1; i <= few; i++) {
    // times (1 - q^(many + i)) / (1 - q^i)
    for (let k = top; k >= many + i; k--) ways[k] -= ways[k - many - i]
    for (let k = i; k <= top; k++) ways[k] += ways[k - i]
  }
  let [tail, all] = [0, 0]
  // the law is symmetric: the upper tail is added up at the lower end, where the numbers are exact
  for (let k = 0; k <= top; k++) {
    all += ways[k]
    if (k <= top - Math.ceil(u)) tail += ways[k]
  }
  return tail / all
}
