import { PodError } from '@mlpod/contract'
import { sortOrder } from '@mlpod/math'

/** Sorts scores with their weights, without NaN scores. Throws `WEIGHT_INVALID` for weights that are negative, no number or all zero. */
export function sortedWithWeights(
  scores: ArrayLike<number>,
  weights: ArrayLike<number>,
): { readonly scores: Float64Array; readonly weights: Float64Array } {
  const order = sortOrder(scores)
  let n = order.length
  while (n > 0 && Number.isNaN(scores[order[n - 1]])) n--
  const sorted = { scores: new Float64Array(n), weights: new Float64Array(n) }
  let total = 0
  for (let i = 0; i < n; i++) {
    const weight = weights[order[i]]
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw new PodError('WEIGHT_INVALID', `the weight ${weight} of row ${order[i]} is not a number >= 0`)
    sorted.scores[i] = scores[order[i]]
    sorted.weights[i] = weight
    total += weight
  }
  if (n > 0 && !(total > 0)) throw new PodError('WEIGHT_INVALID', `the weights of all ${n} rows are 0`)
  return sorted
}

/** Returns the running sums of weights. */
export function cumulativeWeights(weights: Float64Array): Float64Array {
  const sums = new Float64Array(weights.length)
  let [sum, lost] = [0, 0]
  for (let i = 0; i < weights.length; i++) {
    // compensated (Kahan 1965): a million small weights lose nothing
    const term = weights[i] - lost
    const next = sum + term
    lost = next - sum - term
    sum = next
    sums[i] = sum
  }
  return sums
}

/** Rounding of sums of weights must not cost a rank. */
const SLACK = 1e-12

/**
 * Returns inf {s : sum of w_i over s_i <= s >= level (sum of w + weight)}: infinite where all calibration weight is not enough.
 * `scores` ascend, `cumulative` are the running sums of their weights, `weight` is that of the new row (1 by default).
 * Throws `WEIGHT_INVALID`. Source: Tibshirani et al. 2019; with fixed weights and weight 1, Barber et al. 2023.
 */
export function weightedThreshold(
  scores: ArrayLike<number>,
  cumulative: ArrayLike<number>,
  level: number,
  weight = 1,
): { readonly threshold: number; readonly rank: number } {
  if (!(weight >= 0)) throw new PodError('WEIGHT_INVALID', `the weight ${weight} of a new row is not a number >= 0`)
  const n = scores.length
  const total = n === 0 ? 0 : cumulative[n - 1]
  const wanted = level * (total + weight) * (1 - SLACK)
  let [low, high] = [0, n]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (cumulative[middle] >= wanted) high = middle
    else low = middle + 1
  }
  return { threshold: low === n ? Number.POSITIVE_INFINITY : scores[low], rank: low + 1 }
}
