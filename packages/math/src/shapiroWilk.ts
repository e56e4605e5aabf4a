import { PodError } from '@mlpod/contract'
import { normalCdf, normalQuantile } from './normal.ts'
import { sortedWithoutNaN } from './rank.ts'
import type { TestResult } from './twoSample/twoSample.ts'

const polynomial = (x: number, ...coefficients: number[]): number =>
  coefficients.reduceRight((sum, c) => sum * x + c, 0)

/**
 * Returns W, how well the order statistics fit a straight line of normal scores, and its p-value; for 3 to 5,000 values. Throws
 * `SAMPLE_TOO_SMALL`, `SAMPLE_CONSTANT`. Source: Shapiro, Wilk (1965); Royston (1995), algorithm AS R94.
 */
export function shapiroWilk(values: ArrayLike<number>): TestResult {
  const x = sortedWithoutNaN(values)
  const n = x.length
  if (n < 3) throw new PodError('SAMPLE_TOO_SMALL', `the test of Shapiro and Wilk needs 3 values, not ${n}`)
  const mean = x.reduce((sum, v) => sum + v, 0) / n
  const squares = x.reduce((sum, v) => sum + (v - mean) ** 2, 0)
  if (squares === 0) throw new PodError('SAMPLE_CONSTANT', 'the test of Shapiro and Wilk needs two distinct values')
  const weights = weightsOf(n)
  const along = x.reduce((sum, v, i) => sum + weights[i] * v, 0)
  const statistic = Math.min(1, along ** 2 / squares)
  return { statistic, pValue: pValueOf(statistic, n) }
}

/** The weights of the last size: many columns have the same. */
let kept: Float64Array = new Float64Array(0)

function weightsOf(n: number): Float64Array {
  if (kept.length !== n) kept = computeWeights(n)
  return kept
}

function computeWeights(n: number): Float64Array {
  if (n === 3) return Float64Array.of(-Math.SQRT1_2, 0, Math.SQRT1_2)
  const scores = Float64Array.from({ length: n }, (_, i) => normalQuantile((i + 1 - 0.375) / (n + 0.25)))
  const length = scores.reduce((sum, m) => sum + m * m, 0)
  const u = 1 / Math.sqrt(n)
  const last = scores[n - 1] / Math.sqrt(length) + polynomial(u, 0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056)
  const next = scores[n - 2] / Math.sqrt(length) + polynomial(u, 0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633)
  const corrected = n > 5 ? 2 : 1
  const outer = corrected === 2 ? [scores[n - 1], scores[n - 2]] : [scores[n - 1]]
  const given = corrected === 2 ? [last, next] : [last]
  const squares = (list: readonly number[]): number => list.reduce((sum, v) => sum + v * v, 0)
  const scale = Math.sqrt((length - 2 * squares(outer)) / (1 - 2 * squares(given)))
  const weights = scores.map((m) => m / scale)
  given.forEach((a, k) => {
    weights[n - 1 - k] = a
    weights[k] = -a
  })
  return weights
}

function pValueOf(w: number, n: number): number {
  if (n === 3) return Math.max(0, (6 / Math.PI) * (Math.asin(Math.sqrt(w)) - Math.asin(Math.sqrt(0.75))))
  const rest = Math.log(1 - w)
  if (n <= 11) {
    const gamma = -2.273 + 0.459 * n
    if (rest >= gamma) return 0
    const mean = polynomial(n, 0.544, -0.39978, 0.025054, -0.0006714)
    const sd = Math.exp(polynomial(n, 1.3822, -0.77857, 0.062767, -0.0020322))
    return normalCdf(-(-Math.log(gamma - rest) - mean) / sd)
  }
  const x = Math.log(n)
  const mean = polynomial(x, -1.5861, -0.31082, -0.083751, 0.0038915)
  const sd = Math.exp(polynomial(x, -0.4803, -0.082676, 0.0030302))
  return normalCdf(-(rest - mean) / sd)
}
