import { PodError } from '@mlpod/contract'
import { sortNumbers } from './sort.ts'

/** A threshold read by rank from calibration scores. */
export interface RankThreshold {
  /** The rank-th smallest score; Infinity when the rank exceeds `n`, -Infinity when it is below 1. */
  readonly threshold: number
  readonly rank: number
  /** Scores used. */
  readonly n: number
  /** NaN scores, not used. */
  readonly dropped: number
}

/**
 * Returns k = ceil((n + 1) * level), with `level` taken as the decimal fraction it is written as, so that 0.9 of ten is
 * nine and not ten. A level with more than 12 digits comes from a computation: it is taken to 1e-9.
 * Throws `LEVEL_INVALID` unless 0 <= level <= 1.
 */
export function conformalRank(n: number, level: number): number {
  if (!(level >= 0 && level <= 1))
    throw new PodError('LEVEL_INVALID', `the level ${level} is not between 0 and 1`, {
      hint: 'a level is a share of rows: 0.9 asks for 90 % coverage',
    })
  const [mantissa, exponent = '0'] = String(level).split('e')
  const [whole, decimals = ''] = mantissa.split('.')
  const digits = (whole + decimals).replace(/^0+/, '')
  if (digits.length > 12) return Math.ceil((n + 1) * level - 1e-9)
  const denominator = 10n ** BigInt(decimals.length - Number(exponent))
  const numerator = BigInt(n + 1) * BigInt(digits || '0')
  return Number((numerator + denominator - 1n) / denominator)
}

/**
 * Returns the threshold of the rank rule for each level (one for a single level): with exchangeable scores,
 * P(next score <= threshold) >= level. Scores of +-Infinity sort as numbers; NaN are dropped and counted.
 * Throws `LEVEL_INVALID`, and `SCORES_NAN` when every score is NaN.
 * Source: Vovk, Gammerman, Shafer (2005); no interpolation, equality belongs to the set.
 */
export function rankThreshold(scores: ArrayLike<number>, level: number): RankThreshold
export function rankThreshold(scores: ArrayLike<number>, levels: readonly number[]): RankThreshold[]
export function rankThreshold(
  scores: ArrayLike<number>,
  levels: number | readonly number[],
): RankThreshold | RankThreshold[] {
  const sorted = sortedWithoutNaN(scores)
  const n = sorted.length
  const dropped = scores.length - n
  if (n === 0 && dropped > 0)
    throw new PodError('SCORES_NAN', `all ${dropped} calibration scores are NaN`, {
      hint: 'look at the model output for the calibration rows',
    })
  const read = (level: number): RankThreshold => {
    const rank = conformalRank(n, level)
    return { threshold: rank > n ? Infinity : rank < 1 ? -Infinity : sorted[rank - 1], rank, n, dropped }
  }
  return typeof levels === 'number' ? read(levels) : levels.map(read)
}

/** Returns a sorted copy of the values that are not NaN. */
export function sortedWithoutNaN(values: ArrayLike<number>): Float64Array {
  const copy = new Float64Array(values.length)
  let n = 0
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) copy[n++] = values[i]
  return sortNumbers(copy.subarray(0, n))
}

/** Returns the indices that sort the values ascending; equal values keep their order, NaN come last. */
export function sortOrder(values: ArrayLike<number>): Uint32Array {
  const order = new Uint32Array(values.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  // a total order, so that it does not depend on the sorting algorithm
  return order.sort((a, b) => {
    const [x, y] = [values[a], values[b]]
    if (x < y) return -1
    if (x > y) return 1
    if (x === y) return a - b
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b
  })
}

/** Returns the 1-based rank of each value, ties sharing their mean rank; throws `VALUE_NAN` on NaN. */
export function midranks(values: ArrayLike<number>): Float64Array {
  const order = sortOrder(values)
  const n = order.length
  if (n > 0 && Number.isNaN(values[order[n - 1]])) throw new PodError('VALUE_NAN', 'NaN has no rank')
  const ranks = new Float64Array(n)
  for (let start = 0; start < n; ) {
    let end = start + 1
    while (end < n && values[order[end]] === values[order[start]]) end++
    for (let i = start; i < end; i++) ranks[order[i]] = (start + 1 + end) / 2
    start = end
  }
  return ranks
}

/** Returns how many of ascending numbers are below x, or at most x. Binary search. */
export function countBelow(sorted: ArrayLike<number>, x: number, { orEqual = false } = {}): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < x || (orEqual && sorted[middle] === x)) low = middle + 1
    else high = middle
  }
  return low
}
