import { conformalRank, quantilesOfSorted } from '@mlpod/math'

/** The latest scores of a stream: plain data. */
export interface ScoreWindow {
  /** How many are kept; null keeps all, 0 keeps the first ones for ever. */
  readonly capacity: number | null
  /** In the order in which they came. */
  readonly recent: readonly number[]
  /** In ascending order. */
  readonly sorted: readonly number[]
}

/** Returns a window that holds the last of the scores; NaN are left out. */
export function scoreWindow(scores: readonly number[], capacity: number | null): ScoreWindow {
  const known = scores.filter((score) => !Number.isNaN(score))
  const recent = capacity === null || capacity === 0 ? known : known.slice(-capacity)
  return { capacity, recent, sorted: [...recent].sort((a, b) => a - b) }
}

/** Returns the number of sorted values below x. */
export function countBelow(sorted: readonly number[], x: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < x) low = middle + 1
    else high = middle
  }
  return low
}

/** Returns the window with a score more, and without the oldest one where it is full. */
export function slide(window: ScoreWindow, score: number): ScoreWindow {
  const { capacity, recent, sorted } = window
  if (capacity === 0) return window
  const full = capacity !== null && recent.length >= capacity
  const next = full ? recent.slice(1) : recent.slice()
  next.push(score)
  const order = sorted.slice()
  if (full) order.splice(countBelow(order, recent[0]), 1)
  order.splice(countBelow(order, score), 0, score)
  return { capacity, recent: next, sorted: order }
}

/** The rank rule, or the interpolated quantile of the scores alone, which guarantees nothing. */
export type WindowQuantile = 'rank' | 'linear'

/**
 * Returns the threshold of the window at a level that may leave [0, 1]: -Infinity where nothing is to be covered, Infinity where the
 * window is too small for the level.
 */
export function windowThreshold({ sorted }: ScoreWindow, level: number, rule: WindowQuantile = 'rank'): number {
  if (level <= 0) return Number.NEGATIVE_INFINITY
  if (level >= 1) return Number.POSITIVE_INFINITY
  if (rule === 'linear')
    return sorted.length === 0 ? Number.POSITIVE_INFINITY : quantilesOfSorted(Float64Array.from(sorted), [level])[0]
  const rank = conformalRank(sorted.length, level)
  return rank > sorted.length ? Number.POSITIVE_INFINITY : sorted[rank - 1]
}
