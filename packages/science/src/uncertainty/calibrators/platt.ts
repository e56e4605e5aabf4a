import { add, cast, mul, sigmoid as sigmoidValue, type Value } from '@mlpod/graph'
import { checkBinaryRows, checkedWeights, checkFinite } from './binaryRows.ts'
import { fitLogistic, sigmoid } from './logistic.ts'

/** Platt scaling: sigmoid(slope score + intercept). */
export interface PlattCalibrator {
  readonly kind: 'platt'
  readonly slope: number
  readonly intercept: number
}

/**
 * Returns Platt's calibrator of scores of any scale, fitted by the log loss to the targets (n1 + 1) / (n1 + 2) and
 * 1 / (n0 + 2), which keep it finite on separated classes. The score's mean and spread are taken out for the fit.
 * Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `SCORES_NAN`, `SCORE_NOT_FINITE`, `LABEL_UNKNOWN`, `WEIGHT_INVALID`.
 * Source: Platt (1999); scikit-learn 1.9 `_SigmoidCalibration` (its a, b are -slope, -intercept).
 */
export function fitPlatt(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { weights }: { readonly weights?: ArrayLike<number> } = {},
): PlattCalibrator {
  checkBinaryRows(scores, labels)
  checkFinite(scores)
  const n = scores.length
  const w = checkedWeights(n, weights)
  let [positive, negative, mean] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    if (labels[i] === 1) positive += w[i]
    else negative += w[i]
    mean += w[i] * scores[i]
  }
  mean /= positive + negative
  let spread = 0
  for (let i = 0; i < n; i++) spread += w[i] * (scores[i] - mean) ** 2
  const scale = Math.sqrt(spread / (positive + negative)) || 1
  const [one, zero] = [(positive + 1) / (positive + 2), 1 / (negative + 2)]
  const centred = Float64Array.from({ length: n }, (_, i) => (scores[i] - mean) / scale)
  const targets = Float64Array.from({ length: n }, (_, i) => (labels[i] === 1 ? one : zero))
  const [slope, intercept] = fitLogistic([centred, new Float64Array(n).fill(1)], targets, w).place
  return { kind: 'platt', slope: slope / scale, intercept: intercept - (slope * mean) / scale }
}

export const applyPlatt = ({ slope, intercept }: PlattCalibrator, scores: ArrayLike<number>): Float64Array =>
  Float64Array.from(scores, (score) => sigmoid(slope * score + intercept))

export const plattValue = ({ slope, intercept }: PlattCalibrator, score: Value): Value =>
  sigmoidValue(add(mul(cast(score, 'float64'), slope), intercept))
