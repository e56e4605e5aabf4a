import { PodError } from '@mlpod/contract'
import { add, cast, constant, div, gather, isNaN, sub, type Value, where } from '@mlpod/graph'
import { sortNumbers } from '@mlpod/math'
import { checkBinaryRows } from './binaryRows.ts'
import { countBelow, listValue } from './search.ts'
import { type BracketedFits, bracketed, mergedCells, placeOf } from './vennAbersCells.ts'

/** Venn-Abers calibration: of each cell between calibration scores, the fits with one more row of label 0 and of label 1. */
export interface VennAbersCalibrator extends BracketedFits {
  readonly kind: 'vennAbers'
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

/** Returns both probabilities of each score and their merger; NaN for NaN. */
export function vennAbersProbabilities(
  { scores: cells, low: lows, high: highs }: BracketedFits,
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
