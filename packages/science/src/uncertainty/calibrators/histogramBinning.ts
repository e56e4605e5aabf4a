import { PodError } from '@mlpod/contract'
import { cast, gather, isNaN, type Value, where } from '@mlpod/graph'
import { quantiles } from '@mlpod/math'
import { checkBinaryRows } from './binaryRows.ts'
import { applyPlatt, fitPlatt, type PlattCalibrator, plattValue } from './platt.ts'
import { countBelow, listValue } from './search.ts'

/** Histogram binning: the share of class 1 in each cell of scores. */
export interface HistogramCalibrator {
  readonly kind: 'histogram'
  /** Upper ends of all cells but the last, ascending; a score on an end belongs to the cell below it. */
  readonly edges: Float64Array
  readonly values: Float64Array
}

/** Settings of cells: their number, 20 by default. */
export interface HistogramOptions {
  readonly bins?: number
}

/**
 * Returns the calibrator whose cells hold equally many calibration rows: ends at linear quantiles of the scores; cells that
 * would be empty (ties, more cells than rows) are joined. Throws `BINS_INVALID`, and what all calibrators throw.
 * Source: Zadrozny, Elkan (2001); TorchCP 1.2 `BinningScaler` (which has NaN in empty cells).
 */
export function fitHistogramBinning(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { bins = 20 }: HistogramOptions = {},
): HistogramCalibrator {
  checkBinaryRows(scores, labels)
  if (!(Number.isInteger(bins) && bins >= 1))
    throw new PodError('BINS_INVALID', `${bins} is no number of bins`, { hint: 'a whole number >= 1' })
  const shares = Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins)
  const edges = [...new Set(quantiles(scores, shares))]
  const [n, ones] = [new Float64Array(edges.length + 1), new Float64Array(edges.length + 1)]
  for (let i = 0; i < scores.length; i++) {
    const cell = cellOf(edges, scores[i])
    n[cell]++
    ones[cell] += labels[i]
  }
  const kept: number[] = []
  const values: number[] = []
  for (let cell = 0; cell < n.length; cell++) {
    if (n[cell] === 0) continue
    // what lies between two filled cells belongs to the upper one
    if (values.length > 0) kept.push(edges[cell - 1])
    values.push(ones[cell] / n[cell])
  }
  return { kind: 'histogram', edges: Float64Array.from(kept), values: Float64Array.from(values) }
}

/** Ends below the score. */
function cellOf(edges: ArrayLike<number>, score: number): number {
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle] < score) low = middle + 1
    else high = middle
  }
  return low
}

export const applyHistogram = ({ edges, values }: HistogramCalibrator, scores: ArrayLike<number>): Float64Array =>
  Float64Array.from(scores, (score) => (Number.isNaN(score) ? score : values[cellOf(edges, score)]))

export function histogramValue({ edges, values }: HistogramCalibrator, score: Value): Value {
  const s = cast(score, 'float64')
  return where(isNaN(s), s, gather(listValue(values), countBelow(edges, s, 'left')))
}

/** Platt scaling, then the share of class 1 in cells of its probabilities. */
export interface PlattBinningCalibrator {
  readonly kind: 'plattBinning'
  readonly platt: PlattCalibrator
  readonly histogram: HistogramCalibrator
}

/**
 * Returns Platt scaling of the first half of the rows with histogram binning of the second half: fewer rows are needed for the
 * same error than by binning alone. Source: Kumar, Liang, Ma (2019); halves as in TorchCP 1.2 `PlattBinningScaler`.
 */
export function fitPlattBinning(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: HistogramOptions = {},
): PlattBinningCalibrator {
  checkBinaryRows(scores, labels)
  const half = scores.length >> 1
  const part = (values: ArrayLike<number>, from: number, to: number): Float64Array =>
    Float64Array.from({ length: to - from }, (_, i) => values[from + i])
  const platt = fitPlatt(part(scores, 0, half), part(labels, 0, half))
  const n = scores.length
  const histogram = fitHistogramBinning(applyPlatt(platt, part(scores, half, n)), part(labels, half, n), options)
  return { kind: 'plattBinning', platt, histogram }
}

export const applyPlattBinning = (
  { platt, histogram }: PlattBinningCalibrator,
  scores: ArrayLike<number>,
): Float64Array => applyHistogram(histogram, applyPlatt(platt, scores))

export const plattBinningValue = ({ platt, histogram }: PlattBinningCalibrator, score: Value): Value =>
  histogramValue(histogram, plattValue(platt, score))
