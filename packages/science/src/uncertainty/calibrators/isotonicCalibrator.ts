import { add, cast, clip, constant, div, gather, isNaN, mul, sub, type Value, where } from '@mlpod/graph'
import { isotonicAt, isotonicRegression } from '@mlpod/math'
import { checkBinaryRows, checkedWeights, checkFinite } from './binaryRows.ts'
import { countBelow, listValue } from './search.ts'

/** Isotonic calibration: rising and linear between knots, constant beyond them. */
export interface IsotonicCalibrator {
  readonly kind: 'isotonic'
  readonly x: Float64Array
  readonly y: Float64Array
}

/**
 * Returns the rising function of the score that is nearest to the labels in squares; scores of any scale, ties pooled.
 * Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `SCORES_NAN`, `SCORE_NOT_FINITE`, `LABEL_UNKNOWN`, `WEIGHT_INVALID`.
 * Source: Zadrozny, Elkan (2002); scikit-learn 1.9 `IsotonicRegression(out_of_bounds="clip")`.
 */
export function fitIsotonic(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { weights }: { readonly weights?: ArrayLike<number> } = {},
): IsotonicCalibrator {
  checkBinaryRows(scores, labels)
  checkFinite(scores)
  return {
    kind: 'isotonic',
    ...isotonicRegression(scores, labels, { weights: checkedWeights(scores.length, weights) }),
  }
}

export const applyIsotonic = (calibrator: IsotonicCalibrator, scores: ArrayLike<number>): Float64Array =>
  Float64Array.from(scores, (score) => isotonicAt(calibrator, score))

export function isotonicValue({ x, y }: IsotonicCalibrator, score: Value): Value {
  const s = cast(score, 'float64')
  if (x.length === 1) return where(isNaN(s), s, constant(y[0], 'float64'))
  const last = x.length - 1
  const one = constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(1n) })
  // the knot at or before the score, and the one after it
  const before = clip(sub(countBelow(x, s, 'right'), one), 0, last - 1)
  const after = add(before, one)
  const [xs, ys] = [listValue(x), listValue(y)]
  const [x0, x1, y0, y1] = [gather(xs, before), gather(xs, after), gather(ys, before), gather(ys, after)]
  const inside = clip(s, constant(x[0], 'float64'), constant(x[last], 'float64'))
  const between = add(y0, mul(div(sub(inside, x0), sub(x1, x0)), sub(y1, y0)))
  return where(isNaN(s), s, between)
}
