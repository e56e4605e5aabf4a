import { PodError } from '@mlpod/contract'
import { sortNumbers } from '@mlpod/math'
import {
  checkedRows,
  checkLambda,
  normalWidth,
  type PoweredEstimate,
  type PoweredOptions,
  type PoweredRows,
} from './estimate.ts'

/** Numbers of a sorted list at or below a value. */
function countUpTo(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] <= value) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Returns a quantile of the labels over all rows with its interval: the values whose distribution function, estimated from
 * labels and predictions, is within its error of `level`. The standard error is that of the interval, its width over two
 * normal ones. Without `lambda` the trust is tuned at the labels' own quantile. O((n + N) log). Throws `LEVEL_INVALID`,
 * `LENGTH_MISMATCH`, `SAMPLE_TOO_SMALL`, `VALUE_NAN`, `CONFIDENCE_INVALID`.
 * Source: Angelopoulos et al. (2023), algorithm 2; PPI++, Angelopoulos, Duchi, Zrnic (2024).
 */
export function poweredQuantile(
  rows: PoweredRows,
  level: number,
  { confidence = 0.95, lambda }: PoweredOptions = {},
): PoweredEstimate {
  if (!(level > 0 && level < 1)) throw new PodError('LEVEL_INVALID', `the quantile ${level} is not between 0 and 1`)
  checkLambda(lambda)
  const { labels, predictions, unlabelled } = checkedRows(rows)
  const width = normalWidth(confidence)
  const [n, others] = [labels.length, unlabelled.length]
  const [y, f, g] = [labels, predictions, unlabelled].map((values) => sortNumbers(Float64Array.from(values)))
  // both at or below a value: from the larger of each pair
  const both = sortNumbers(Float64Array.from({ length: n }, (_, i) => Math.max(labels[i], predictions[i])))
  const shares = (at: number) => {
    const [py, pf, pg, pyf] = [
      countUpTo(y, at) / n,
      countUpTo(f, at) / n,
      countUpTo(g, at) / others,
      countUpTo(both, at) / n,
    ]
    const covariance = pyf - py * pf
    const pooled = (n * pf * (1 - pf) + others * pg * (1 - pg)) / (n + others)
    return { py, pf, pg, covariance, pooled }
  }
  const own = y[Math.min(n - 1, Math.ceil(n * level) - 1)]
  const there = shares(own)
  const trust =
    lambda ?? (there.pooled > 0 ? Math.min(1, Math.max(0, there.covariance / (there.pooled * (1 + n / others)))) : 0)
  /** The estimated distribution function less the level, in standard errors. */
  const excess = (at: number): { share: number; z: number } => {
    const { py, pf, pg, covariance } = shares(at)
    const rectifier = py * (1 - py) - 2 * trust * covariance + trust * trust * pf * (1 - pf)
    const variance = Math.max(0, rectifier) / n + (trust * trust * pg * (1 - pg)) / others
    const share = py + trust * (pg - pf) - level
    return { share, z: variance > 0 ? share / Math.sqrt(variance) : share * Infinity }
  }
  const places = sortNumbers(Float64Array.of(...y, ...f, ...(others > 20_000 ? thinned(g, 20_000) : g)))
  let [estimate, lower, upper] = [Number.NaN, Infinity, -Infinity]
  let nearest = Infinity
  for (const at of places) {
    const { share, z } = excess(at)
    if (Math.abs(share) < nearest) {
      nearest = Math.abs(share)
      estimate = at
    }
    if (Math.abs(z) <= width) {
      lower = Math.min(lower, at)
      upper = Math.max(upper, at)
    }
  }
  // no value is within the error: the two between which the function passes the level
  if (lower > upper) [lower, upper] = [estimate, estimate]
  const half = Math.sqrt((level * (1 - level)) / n)
  const at = (share: number): number => y[Math.min(n - 1, Math.max(0, Math.ceil(n * share) - 1))]
  return {
    estimate,
    lower,
    upper,
    standardError: (upper - lower) / (2 * width),
    lambda: trust,
    n,
    unlabelled: others,
    classical: { estimate: own, standardError: (at(level + width * half) - at(level - width * half)) / (2 * width) },
  }
}

/** Every so many values of a sorted list: places to look at, not data. */
const thinned = (sorted: Float64Array, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => sorted[Math.floor((i * (sorted.length - 1)) / (count - 1))])
