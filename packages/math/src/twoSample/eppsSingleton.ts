import { PodError } from '@mlpod/contract'
import { chiSquareTail } from '../chiSquare.ts'
import { symmetricEigen } from '../dense.ts'
import { pooled, quantileOfRuns, type Runs } from '../runs.ts'
import { checkSizes, type TestResult } from './twoSample.ts'

/** Where the characteristic functions are compared, in units of half the interquartile range. */
const POINTS = [0.4, 0.8]

/**
 * Returns the Epps-Singleton statistic, which compares the empirical characteristic functions at two points, and its
 * p-value. Throws `SAMPLE_TOO_SMALL` below five values, `SAMPLE_CONSTANT` when the pooled interquartile range is 0.
 * Source: Epps, Singleton (1986); scipy 1.17 `epps_singleton_2samp`.
 */
export function eppsSingleton(a: Runs, b: Runs): TestResult {
  checkSizes(a, b, 'the Epps-Singleton test', 5)
  const both = pooled(a, b)
  const scale = (quantileOfRuns(both, 0.75) - quantileOfRuns(both, 0.25)) / 2
  if (!(scale > 0))
    throw new PodError('SAMPLE_CONSTANT', 'the Epps-Singleton test needs an interquartile range above 0', {
      hint: 'half of the pooled values are one and the same',
    })
  const n = a.n + b.n
  const [first, second] = [features(a, scale), features(b, scale)]
  const covariance = first.covariance.map((v, i) => (n / a.n) * v + (n / b.n) * second.covariance[i])
  const { values, vectors } = symmetricEigen(covariance, 4)
  const difference = first.mean.map((v, i) => v - second.mean[i])
  const limit = 1e-15 * Math.max(...values)
  let [statistic, rank] = [0, 0]
  // d' C^+ d, along the directions in which C is not 0
  values.forEach((value, k) => {
    if (!(value > limit)) return
    let along = 0
    for (let i = 0; i < 4; i++) along += difference[i] * vectors[k * 4 + i]
    statistic += (n * along * along) / value
    rank++
  })
  if (Math.max(a.n, b.n) < 25) statistic *= 1 / (1 + n ** -0.45 + 10.1 * (a.n ** -1.7 + b.n ** -1.7))
  return { statistic, pValue: chiSquareTail(statistic, rank) }
}

/** Mean and covariance (divided by n) of cos and sin of the scaled values. */
function features({ values, counts, n }: Runs, scale: number): { mean: number[]; covariance: Float64Array } {
  const row = new Float64Array(4)
  const [mean, covariance] = [[0, 0, 0, 0], new Float64Array(16)]
  const at = (i: number): void => {
    POINTS.forEach((point, k) => {
      row[k] = Math.cos((point * values[i]) / scale)
      row[k + 2] = Math.sin((point * values[i]) / scale)
    })
  }
  for (let i = 0; i < values.length; i++) {
    at(i)
    for (let k = 0; k < 4; k++) mean[k] += (counts[i] * row[k]) / n
  }
  for (let i = 0; i < values.length; i++) {
    at(i)
    for (let k = 0; k < 4; k++)
      for (let l = 0; l < 4; l++) covariance[4 * k + l] += (counts[i] * (row[k] - mean[k]) * (row[l] - mean[l])) / n
  }
  return { mean, covariance }
}
