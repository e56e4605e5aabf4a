import { PodError } from '@mlpod/contract'
import { add, cast, constant, div, gather, isNaN, sub, type Value, where } from '@mlpod/graph'
import { sortNumbers } from '@mlpod/math'
import { checkBinaryRows } from './binaryRows.ts'
import { countBelow, listValue } from './search.ts'

/** Venn-Abers calibration: of each cell between calibration scores, the fits with one more row of either label. */
export interface VennAbersCalibrator {
  readonly kind: 'vennAbers'
  /** Calibration scores, ascending, each once. */
  readonly scores: Float64Array
  /** By the number of calibration scores at or below a score: the fit with one more row of label 0. */
  readonly low: Float64Array
  /** By the number of calibration scores below a score: the fit with one more row of label 1. */
  readonly high: Float64Array
}

/** Probabilities of class 1: the two that bracket it, and the one between them with the least regret of log loss. */
export interface VennAbersProbabilities {
  readonly low: Float64Array
  readonly high: Float64Array
  /** high / (1 - low + high) */
  readonly merged: Float64Array
}

/** Settings: calibration scores are rounded to `precision` decimals first, which makes fewer cells. */
export interface VennAbersOptions {
  readonly precision?: number
}

/**
 * Returns the Venn-Abers calibrator of scores of any scale: one of the two fits would be calibrated for the next row, whatever
 * the law of exchangeable rows. O(n) after sorting, by the cumulative sum diagram and one stack, where peers look at the rest
 * of the diagram at each corner. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `SCORES_NAN`, `LABEL_UNKNOWN`.
 * Source: Vovk, Petej, Fedorova (2015); venn-abers 1.5.4.
 */
export function fitVennAbers(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { precision }: VennAbersOptions = {},
): VennAbersCalibrator {
  checkBinaryRows(scores, labels)
  const parts = [0, 1].map((label) => {
    const kept = new Float64Array(scores.length)
    let n = 0
    for (let i = 0; i < scores.length; i++)
      // -0 and 0 are one score
      if (labels[i] === label) kept[n++] = (precision === undefined ? scores[i] : rounded(scores[i], precision)) + 0
    return sortNumbers(kept.subarray(0, n))
  })
  return { kind: 'vennAbers', ...bracketed(mergedCells(parts[0], parts[1]), 0, 1) }
}

/** As numpy rounds: the nearest, a half to the even digit. */
function rounded(x: number, decimals: number): number {
  const scale = 10 ** decimals
  const scaled = x * scale
  const floor = Math.floor(scaled)
  const rest = scaled - floor
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)
  return (up ? floor + 1 : floor) / scale
}

/** Distinct scores with the number of rows and the sum of labels at each. */
interface Cells {
  readonly scores: Float64Array
  readonly n: Float64Array
  readonly sum: Float64Array
}

/** Two sorted lists, of rows labelled 0 and 1, as cells. */
function mergedCells(zeros: Float64Array, ones: Float64Array): Cells {
  const size = zeros.length + ones.length
  const [scores, n, sum] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  let [cell, i, j] = [0, 0, 0]
  while (i < zeros.length || j < ones.length) {
    const score = j >= ones.length || (i < zeros.length && zeros[i] <= ones[j]) ? zeros[i] : ones[j]
    let rows = 0
    while (i < zeros.length && zeros[i] === score) {
      i++
      rows++
    }
    while (j < ones.length && ones[j] === score) {
      j++
      rows++
      sum[cell]++
    }
    scores[cell] = score
    n[cell++] = rows
  }
  return { scores: scores.slice(0, cell), n: n.slice(0, cell), sum: sum.slice(0, cell) }
}

/** The fits with one more row of the smallest and of the largest label, at each place. */
function bracketed({ scores, n, sum }: Cells, least: number, most: number): Omit<VennAbersCalibrator, 'kind'> {
  const high = fitsWithOneMore(n, sum, most)
  // turned around and with the sign changed, the fall from below is the rise from above
  const turned = fitsWithOneMore(
    n.toReversed(),
    sum.toReversed().map((s) => -s),
    -least,
  )
  return { scores, high, low: turned.toReversed().map((fit) => 0 - fit) }
}

/**
 * Returns the isotonic fit at the start of each cell i = 0 .. m when one row of label `most` (no cell's mean is above it) comes
 * before it: the slope of the greatest convex minorant of the cumulative sums at that row's step. Going on to the next cell
 * swaps the row's step with the cell's, which moves one corner of the diagram; a stack holds the corners ahead, the nearest
 * on top. Source: Vovk, Petej, Fedorova (2015), algorithms 1 and 2.
 */
function fitsWithOneMore(n: Float64Array, sum: Float64Array, most: number): Float64Array {
  const m = n.length
  // corner 0 comes before the row's step, corner i + 1 after cell i
  const [x, y] = [new Float64Array(m + 2), new Float64Array(m + 2)]
  x[0] = -1
  y[0] = -most
  for (let i = 0; i < m; i++) {
    x[i + 2] = x[i + 1] + n[i]
    y[i + 2] = y[i + 1] + sum[i]
  }
  /** Whether b lies on or above the line from a to c. */
  const above = (a: number, b: number, c: number): boolean =>
    (y[b] - y[a]) * (x[c] - x[a]) >= (y[c] - y[a]) * (x[b] - x[a])
  const stack = new Uint32Array(m + 2)
  let top = 0
  // the minorant of all corners, from the last back to the first
  for (let corner = m + 1; corner >= 0; corner--) {
    while (top >= 2 && above(corner, stack[top - 1], stack[top - 2])) top--
    stack[top++] = corner
  }
  const fits = new Float64Array(m + 1)
  for (let i = 0; i < m; i++) {
    const [from, to] = [stack[top - 1], stack[top - 2]]
    fits[i] = (y[to] - y[from]) / (x[to] - x[from])
    // the row's step comes after cell i now: the corner between them moves
    const moved = i + 1
    x[moved] = x[i] + n[i]
    y[moved] = y[i] + sum[i]
    if (above(from, moved, to)) continue
    top--
    while (top >= 2 && above(moved, stack[top - 1], stack[top - 2])) top--
    stack[top++] = moved
  }
  fits[m] = most
  return fits
}

/** How many of the ascending numbers are below `value`, or with `equal` at or below it. */
function placeOf(sorted: Float64Array, value: number, equal: boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value || (equal && sorted[middle] === value)) low = middle + 1
    else high = middle
  }
  return low
}

/** Returns both probabilities of each score and their merger; NaN for NaN. */
export function vennAbersProbabilities(
  { scores: cells, low: lows, high: highs }: Omit<VennAbersCalibrator, 'kind'>,
  scores: ArrayLike<number>,
): VennAbersProbabilities {
  const [low, high] = [new Float64Array(scores.length), new Float64Array(scores.length)]
  for (let i = 0; i < scores.length; i++) {
    const below = placeOf(cells, scores[i], false)
    const reached = below < cells.length && cells[below] === scores[i] ? below + 1 : below
    low[i] = Number.isNaN(scores[i]) ? Number.NaN : lows[reached]
    high[i] = Number.isNaN(scores[i]) ? Number.NaN : highs[below]
  }
  return { low, high, merged: low.map((p0, i) => high[i] / (1 - p0 + high[i])) }
}

export const applyVennAbers = (calibrator: VennAbersCalibrator, scores: ArrayLike<number>): Float64Array =>
  vennAbersProbabilities(calibrator, scores).merged

/** Returns the bracket of the probability as Values. */
export function vennAbersBracket(
  { scores, low, high }: VennAbersCalibrator,
  score: Value,
): { low: Value; high: Value } {
  const s = cast(score, 'float64')
  return {
    low: where(isNaN(s), s, gather(listValue(low), countBelow(scores, s, 'right'))),
    high: where(isNaN(s), s, gather(listValue(high), countBelow(scores, s, 'left'))),
  }
}

export function vennAbersValue(calibrator: VennAbersCalibrator, score: Value): Value {
  const { low, high } = vennAbersBracket(calibrator, score)
  return div(high, add(sub(constant(1, 'float64'), low), high))
}

/** How the brackets of several folds become one probability: least regret of log loss, or of the Brier score. */
export type VennAbersMerge = 'log' | 'brier'

/**
 * Returns the probability of each row from the brackets of several folds (cross Venn-Abers): GM(high) / (GM(1 - low) +
 * GM(high)) for log loss, mean(high + low^2 / 2 - high^2 / 2) for the Brier score. Throws `CALIBRATION_EMPTY`,
 * `LENGTH_MISMATCH`. Source: Vovk, Petej, Fedorova (2015), section 4.
 */
export function mergeVennAbers(
  folds: readonly Pick<VennAbersProbabilities, 'low' | 'high'>[],
  { merge = 'log' }: { readonly merge?: VennAbersMerge } = {},
): Float64Array {
  if (folds.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no fold to merge')
  const n = folds[0].low.length
  for (const { low, high } of folds)
    if (low.length !== n || high.length !== n)
      throw new PodError('LENGTH_MISMATCH', `folds of ${n} and ${low.length} rows cannot be merged`)
  return Float64Array.from({ length: n }, (_, i) => {
    const mean = (of: (low: number, high: number) => number): number =>
      folds.reduce((sum, { low, high }) => sum + of(low[i], high[i]), 0) / folds.length
    if (merge === 'brier') return mean((p0, p1) => p1 + (p0 * p0 - p1 * p1) / 2)
    const one = Math.exp(mean((_, p1) => Math.log(p1)))
    return one / (Math.exp(mean((p0) => Math.log1p(-p0))) + one)
  })
}

/** Venn-Abers prediction of numbers: brackets of the mean, with extreme labels cut. */
export interface VennAbersRegression {
  readonly lower: Omit<VennAbersCalibrator, 'kind'>
  readonly upper: Omit<VennAbersCalibrator, 'kind'>
  /** Least and largest label left. */
  readonly least: number
  readonly most: number
}

/**
 * Returns the Venn-Abers calibration of predictions of a number. The `cut` smallest and largest labels (1 by default, at least
 * 1) are moved to the next ones, so that one more row has bounded influence. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`,
 * `SCORES_NAN`, and `SAMPLE_TOO_SMALL` unless more than 2 `cut` rows are left. Source: Nouretdinov et al. (2018); venn-abers
 * 1.5.4 `VennAbersRegressor`.
 */
export function fitVennAbersRegression(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  { cut = 1 }: { readonly cut?: number } = {},
): VennAbersRegression {
  const n = predictions.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  if (labels.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${n} predictions do not match ${labels.length} labels`)
  for (let i = 0; i < n; i++)
    if (Number.isNaN(predictions[i]) || Number.isNaN(labels[i]))
      throw new PodError('SCORES_NAN', `the prediction or label of row ${i} is NaN`)
  if (!(Number.isInteger(cut) && cut >= 1 && n > 2 * cut))
    throw new PodError('SAMPLE_TOO_SMALL', `${n} rows cannot lose ${cut} labels at each end`)
  const sorted = sortNumbers(Float64Array.from(labels))
  const cells = (low: number, high: number): Cells => numberCells(predictions, labels, low, high)
  const [least, most] = [sorted[cut - 1], sorted[n - cut]]
  return {
    lower: bracketed(cells(least, sorted[n - cut - 1]), least, sorted[n - cut - 1]),
    upper: bracketed(cells(sorted[cut], most), sorted[cut], most),
    least,
    most,
  }
}

function numberCells(predictions: ArrayLike<number>, labels: ArrayLike<number>, low: number, high: number): Cells {
  const order = Array.from({ length: predictions.length }, (_, i) => i).sort((a, b) => predictions[a] - predictions[b])
  const [scores, n, sum]: [number[], number[], number[]] = [[], [], []]
  for (const i of order) {
    if (scores.at(-1) !== predictions[i]) {
      scores.push(predictions[i])
      n.push(0)
      sum.push(0)
    }
    n[n.length - 1]++
    sum[sum.length - 1] += Math.min(high, Math.max(low, labels[i]))
  }
  return { scores: Float64Array.from(scores), n: Float64Array.from(n), sum: Float64Array.from(sum) }
}

/** A number with its bracket. */
export interface VennAbersNumbers {
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly middle: Float64Array
}

/** Returns the bracket of each prediction, and the point in it with the least regret of squared error. */
export function applyVennAbersRegression(
  { lower, upper, least, most }: VennAbersRegression,
  predictions: ArrayLike<number>,
): VennAbersNumbers {
  const { low } = vennAbersProbabilities(lower, predictions)
  const { high } = vennAbersProbabilities(upper, predictions)
  const middle = low.map((l, i) => {
    const total = l - least + (most - high[i])
    return total > 0 ? ((l - least) * l + (most - high[i]) * high[i]) / total : (l + high[i]) / 2
  })
  return { lower: low, upper: high, middle }
}
