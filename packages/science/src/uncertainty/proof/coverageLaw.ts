import { PodError } from '@mlpod/contract'
import { betaCdf, betaQuantile, conformalRank, gammaln } from '@mlpod/math'

/** What is known of the coverage of split conformal sets before any row is looked at. */
export interface CoverageLaw {
  readonly n: number
  readonly level: number
  readonly rank: number
  /** Mean coverage over calibration sets: rank / (n + 1), 1 where n is too small. */
  readonly mean: number
  /** Given the calibration set, coverage is Beta(a, b) distributed; null where it is always 1. */
  readonly beta: { readonly a: number; readonly b: number } | null
}

/**
 * Returns the law of the coverage of sets calibrated on n rows with continuous scores: Beta(k, n + 1 - k) over calibration sets, k the
 * rank. Throws `LEVEL_INVALID`, `COUNT_INVALID`. Source: Vovk 2012.
 */
export function coverageLaw(n: number, level: number): CoverageLaw {
  if (!(Number.isInteger(n) && n >= 1)) throw new PodError('COUNT_INVALID', `${n} is no number of calibration rows`)
  const rank = conformalRank(n, level)
  if (rank > n) return { n, level, rank, mean: 1, beta: null }
  return { n, level, rank, mean: rank / (n + 1), beta: { a: rank, b: n + 1 - rank } }
}

/** Returns the probability that exactly `covered` of m new rows are covered: Beta-binomial. */
export function coveredProbability({ beta }: CoverageLaw, covered: number, m: number): number {
  if (beta === null) return covered === m ? 1 : 0
  const { a, b } = beta
  const choose = gammaln(m + 1) - gammaln(covered + 1) - gammaln(m - covered + 1)
  return Math.exp(choose + logBeta(a + covered, b + m - covered) - logBeta(a, b))
}

const logBeta = (a: number, b: number): number => gammaln(a) + gammaln(b) - gammaln(a + b)

/** How many of m new rows are covered, tested against the law. */
export interface CoverageTest {
  readonly covered: number
  readonly m: number
  /** Probabilities of as few, and as many, covered rows; twice the smaller one is the p-value of both sides. */
  readonly pFew: number
  readonly pMany: number
  readonly pValue: number
}

/** Returns the exact test that m new rows of which `covered` are covered follow the law. Throws `COUNT_INVALID`. */
export function testCoverage(law: CoverageLaw, covered: number, m: number): CoverageTest {
  if (!(Number.isInteger(covered) && covered >= 0 && covered <= m))
    throw new PodError('COUNT_INVALID', `${covered} of ${m} rows cannot be covered`)
  let [few, many] = [0, 0]
  for (let c = 0; c <= m; c++) {
    const p = coveredProbability(law, c, m)
    if (c <= covered) few += p
    if (c >= covered) many += p
  }
  return { covered, m, pFew: Math.min(1, few), pMany: Math.min(1, many), pValue: Math.min(1, 2 * Math.min(few, many)) }
}

/** How many calibration rows make coverage what it should be. */
export interface CalibrationPlan {
  readonly n: number
  /** Coverage is in [lower, upper] of all but delta of the calibration sets. */
  readonly lower: number
  readonly upper: number
}

/**
 * Returns the least n from which on coverage is within level - epsilon and level + epsilon for all but a share `delta` of calibration
 * sets. Throws `LEVEL_INVALID`, `EPSILON_INVALID`. Source: Angelopoulos, Bates 2023, section 3.2.
 */
export function planCalibration({
  level,
  epsilon,
  delta = 0.1,
}: {
  readonly level: number
  readonly epsilon: number
  readonly delta?: number
}): CalibrationPlan {
  if (!(epsilon > 0 && epsilon < 1)) throw new PodError('EPSILON_INVALID', `epsilon ${epsilon} is not between 0 and 1`)
  if (!(delta > 0 && delta < 1)) throw new PodError('LEVEL_INVALID', `delta ${delta} is not between 0 and 1`)
  const outside = (n: number): number => {
    const { beta } = coverageLaw(n, level)
    if (beta === null) return 1
    const high = level + epsilon >= 1 ? 1 : betaCdf(level + epsilon, beta.a, beta.b)
    const low = level - epsilon <= 0 ? 0 : betaCdf(level - epsilon, beta.a, beta.b)
    return 1 - (high - low)
  }
  let high = 1
  while (outside(high) > delta || outside(high + 1) > delta) high *= 2
  let low = high / 2
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (outside(middle) <= delta) high = middle
    else low = middle
  }
  // ranks jump, so that a few more rows may do worse: the least n after which none of the next does
  let n = high
  for (let k = high; k < high + Math.ceil(2 / (1 - level)); k++) if (outside(k) > delta) n = k + 1
  const { beta } = coverageLaw(n, level)
  const { a, b } = beta as NonNullable<typeof beta>
  return { n, lower: betaQuantile(delta / 2, a, b), upper: betaQuantile(1 - delta / 2, a, b) }
}
