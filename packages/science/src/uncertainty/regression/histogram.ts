import { PodError } from '@mlpod/contract'
import {
  type CalibrateOptions,
  type Calibration,
  calibrateScores,
  type NewRows,
  thresholdsOf,
} from '../calibrate/calibrate.ts'

/** A region of y: intervals that do not touch, ascending. */
export type Union = readonly (readonly [from: number, to: number])[]

/** Returns the total length of a union. */
export const unionLength = (union: Union): number => union.reduce((sum, [from, to]) => sum + to - from, 0)

/** Whether a union holds y, ends included. */
export const inUnion = (union: Union, y: number): boolean => union.some(([from, to]) => from <= y && y <= to)

/** Regression as classification, calibrated. */
export interface GridConformal {
  readonly midpoints: readonly number[]
  readonly calibration: Calibration
}

/**
 * Returns the calibration of conformal regression by classification: `probabilities` [n, K] of the ascending grid `midpoints`, read at y
 * by linear interpolation (that of the end beyond the grid); the score is minus that.
 * Throws `GRID_INVALID`, `LENGTH_MISMATCH`, and what `calibrateScores` throws. Source: Guha et al. 2024 (R2CCP).
 */
export function calibrateGrid(
  probabilities: ArrayLike<number>,
  y: ArrayLike<number>,
  midpoints: readonly number[],
  options: CalibrateOptions,
): GridConformal {
  checkGrid(probabilities, midpoints, y.length)
  const K = midpoints.length
  const scores = Float64Array.from({ length: y.length }, (_, i) => -densityAt(probabilities, i * K, midpoints, y[i]))
  return { midpoints, calibration: calibrateScores(scores, options) }
}

/** Settings of `gridUnions`. */
export interface UnionOptions extends NewRows {
  /**
   * What lies beyond the grid where the probability at its end is in the set: `infinite` (default: beyond it the score is that of the
   * end, and coverage is promised there too) or nothing (`grid`, as TorchCP).
   */
  readonly beyond?: 'infinite' | 'grid'
}

/**
 * Returns for each row and level [m][levels] the set {y: interpolated probability >= -threshold} as a union of intervals that do not
 * touch. Throws `GRID_INVALID`, `LENGTH_MISMATCH`, `GROUP_INVALID`.
 */
export function gridUnions(
  { midpoints, calibration }: GridConformal,
  probabilities: ArrayLike<number>,
  { beyond = 'infinite', ...rows }: UnionOptions = {},
): Union[][] {
  const K = midpoints.length
  const m = probabilities.length / K
  checkGrid(probabilities, midpoints, m)
  const width = calibration.levels.length
  const thresholds = thresholdsOf(calibration, m, rows)
  return Array.from({ length: m }, (_, i) =>
    calibration.levels.map((_, l) =>
      unionAbove(probabilities, i * K, midpoints, -thresholds[i * width + l], beyond === 'infinite'),
    ),
  )
}

/** The probability at y by linear interpolation. */
function densityAt(p: ArrayLike<number>, from: number, midpoints: readonly number[], y: number): number {
  const K = midpoints.length
  if (Number.isNaN(y)) return Number.NaN
  if (y < midpoints[0]) return p[from]
  if (y >= midpoints[K - 1]) return p[from + K - 1]
  let [low, high] = [0, K - 1]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (midpoints[middle] <= y) low = middle
    else high = middle
  }
  const [a, b] = [midpoints[low], midpoints[low + 1]]
  return ((y - a) * p[from + low + 1] + (b - y) * p[from + low]) / (b - a)
}

/** Where the piecewise linear function is at least q. */
function unionAbove(
  p: ArrayLike<number>,
  from: number,
  midpoints: readonly number[],
  q: number,
  beyond: boolean,
): Union {
  const union: [number, number][] = []
  const join = (a: number, b: number): void => {
    const last = union.at(-1)
    if (last !== undefined && last[1] >= a) last[1] = Math.max(last[1], b)
    else union.push([a, b])
  }
  const K = midpoints.length
  if (beyond && p[from] >= q) join(Number.NEGATIVE_INFINITY, midpoints[0])
  for (let k = 0; k + 1 < K; k++) {
    const [a, b, left, right] = [midpoints[k], midpoints[k + 1], p[from + k], p[from + k + 1]]
    const crossing = a + ((b - a) * (q - left)) / (right - left)
    if (left >= q && right >= q) join(a, b)
    else if (left >= q) join(a, crossing)
    else if (right >= q) join(crossing, b)
  }
  if (beyond && p[from + K - 1] >= q) join(midpoints[K - 1], Number.POSITIVE_INFINITY)
  return union
}

function checkGrid(probabilities: ArrayLike<number>, midpoints: readonly number[], n: number): void {
  const broken = midpoints.findIndex((m, k) => !Number.isFinite(m) || (k > 0 && m <= midpoints[k - 1]))
  if (midpoints.length < 2 || broken >= 0)
    throw new PodError('GRID_INVALID', `the grid of ${midpoints.length} points does not ascend`, {
      because: broken >= 0 ? `point ${broken} is ${midpoints[broken]}` : 'two points are the least',
    })
  if (probabilities.length !== n * midpoints.length)
    throw new PodError(
      'LENGTH_MISMATCH',
      `${probabilities.length} probabilities do not fall into ${n} rows of ${midpoints.length}`,
    )
}

/** Nested shortest intervals by histograms, calibrated. */
export interface HistogramConformal {
  readonly edges: readonly number[]
  readonly calibration: Calibration
}

/** Levels at which nested intervals are made. */
const STEPS = 100

/**
 * Returns the calibration of conformal histogram regression: `probabilities` [n, K] of the bins between the K + 1 ascending `edges`. Each
 * row has nested intervals of bins, for each of 100 levels the shortest that holds the one before and that much mass; its score is the
 * least level whose interval holds y (1 beyond the bins). Throws as `calibrateGrid`. Source: Sesia, Romano 2021.
 */
export function calibrateHistogram(
  probabilities: ArrayLike<number>,
  y: ArrayLike<number>,
  edges: readonly number[],
  options: CalibrateOptions,
): HistogramConformal {
  const K = edges.length - 1
  checkGrid(probabilities, edges.slice(1), y.length)
  checkGrid([], edges, 0)
  const scores = Float64Array.from({ length: y.length }, (_, i) => {
    if (Number.isNaN(y[i])) return Number.NaN
    const nested = nestedIntervals(probabilities, i * K, edges)
    const t = nested.findIndex(([from, to]) => edges[from] <= y[i] && y[i] <= edges[to])
    return t < 0 ? Number.POSITIVE_INFINITY : (t + 1) / STEPS
  })
  return { edges, calibration: calibrateScores(scores, options) }
}

/** Returns the intervals [m, levels] of new rows; infinite where too few rows or too much beyond the bins leave no finite one. */
export function histogramIntervals(
  { edges, calibration }: HistogramConformal,
  probabilities: ArrayLike<number>,
  rows: NewRows = {},
): { readonly levels: readonly number[]; readonly lower: Float64Array; readonly upper: Float64Array } {
  const K = edges.length - 1
  const m = probabilities.length / K
  checkGrid(probabilities, edges.slice(1), m)
  const { levels } = calibration
  const thresholds = thresholdsOf(calibration, m, rows)
  const lower = new Float64Array(thresholds.length).fill(Number.NEGATIVE_INFINITY)
  const upper = new Float64Array(thresholds.length).fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < m; i++) {
    const nested = nestedIntervals(probabilities, i * K, edges)
    for (let l = 0; l < levels.length; l++) {
      const at = i * levels.length + l
      if (thresholds[at] > 1) continue
      const [from, to] = nested[Math.round(thresholds[at] * STEPS) - 1]
      lower[at] = edges[from]
      upper[at] = edges[to]
    }
  }
  return { levels, lower, upper }
}

/** For each level t / 100 the interval of edges: the shortest of bins with that mass that holds the one before. */
function nestedIntervals(
  p: ArrayLike<number>,
  offset: number,
  edges: readonly number[],
): readonly (readonly [number, number])[] {
  const K = edges.length - 1
  const sums = new Float64Array(K + 1)
  for (let k = 0; k < K; k++) sums[k + 1] = sums[k] + p[offset + k]
  const total = sums[K]
  let [from, to] = [-1, -1]
  return Array.from({ length: STEPS }, (_, t) => {
    const wanted = ((t + 1) / STEPS) * total * (1 - 1e-12)
    if (from >= 0 && sums[to] - sums[from] >= wanted) return [from, to] as const
    let best: readonly [number, number] = [0, K]
    let right = Math.max(to, 1)
    for (let left = 0; left <= (from < 0 ? K - 1 : from); left++) {
      right = Math.max(right, left + 1)
      while (right < K && sums[right] - sums[left] < wanted) right++
      if (sums[right] - sums[left] < wanted) break
      if (edges[right] - edges[left] < edges[best[1]] - edges[best[0]]) best = [left, right]
    }
    ;[from, to] = best
    return best
  })
}
