import { argMax, castLike, equal, reduceMax, type Value, where } from '@mlpod/graph'
import { applyCalibrator, type BinaryCalibrator, calibratorValue } from './binaryCalibrators.ts'
import { checkedWeights } from './binaryRows.ts'
import { classesOf } from './classCalibrators.ts'
import { fitIsotonic } from './isotonicCalibrator.ts'
import { fitPlatt } from './platt.ts'

/** Top-label calibration: a calibrator of the largest probability for each class that is predicted. */
export interface TopLabelCalibrator {
  readonly kind: 'topLabel'
  readonly classes: number
  /** By class; null where calibration has not predicted it, and its probabilities stay as they are. */
  readonly calibrators: readonly (BinaryCalibrator | null)[]
}

/** The class predicted for each row and the calibrated probability that it is right. */
export interface TopLabels {
  readonly labels: Uint32Array
  readonly confidence: Float64Array
}

/** What fits the calibrator of one class. */
export type BinaryFit = (
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: { readonly weights?: ArrayLike<number> },
) => BinaryCalibrator

const FITS: Readonly<Record<'sigmoid' | 'isotonic', BinaryFit>> = { sigmoid: fitPlatt, isotonic: fitIsotonic }

function topOf(probabilities: ArrayLike<number>, k: number): TopLabels {
  const n = probabilities.length / k
  const [labels, confidence] = [new Uint32Array(n), new Float64Array(n)]
  for (let i = 0; i < n; i++) {
    let best = 0
    for (let j = 1; j < k; j++) if (probabilities[i * k + j] > probabilities[i * k + best]) best = j
    labels[i] = best
    confidence[i] = probabilities[i * k + best]
  }
  return { labels, confidence }
}

/**
 * Returns the calibrators of the largest probability (`probabilities` [n, k] row-major), one for each class predicted, fitted to
 * whether the prediction is right: by Platt scaling (`sigmoid`, default), isotonic regression, or a fit of your own.
 * Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, `LOGIT_NOT_FINITE`, `WEIGHT_INVALID`.
 * Source: Gupta, Ramdas (2022); MAPIE 1.6 `TopLabelCalibrator`, which writes a class's probability into the column of its
 * place among the classes predicted in the same batch, where ours names the class.
 */
export function fitTopLabel(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  {
    fit = 'sigmoid',
    weights,
  }: { readonly fit?: 'sigmoid' | 'isotonic' | BinaryFit; readonly weights?: ArrayLike<number> } = {},
): TopLabelCalibrator {
  const classes = classesOf(probabilities, labels)
  const mass = checkedWeights(labels.length, weights)
  const top = topOf(probabilities, classes)
  const fitOne = typeof fit === 'function' ? fit : FITS[fit]
  const calibrators = Array.from({ length: classes }, (_, k) => {
    const rows = [...top.labels.keys()].filter((i) => top.labels[i] === k && mass[i] > 0)
    if (rows.length === 0) return null
    return fitOne(
      rows.map((i) => top.confidence[i]),
      rows.map((i) => (labels[i] === k ? 1 : 0)),
      { weights: rows.map((i) => mass[i]) },
    )
  })
  return { kind: 'topLabel', classes, calibrators }
}

/** Returns the class predicted for each row, and the calibrated probability that it is right. */
export function applyTopLabel(
  { classes, calibrators }: TopLabelCalibrator,
  probabilities: ArrayLike<number>,
): TopLabels {
  const { labels, confidence } = topOf(probabilities, classes)
  const calibrated = Float64Array.from(confidence)
  for (const [k, calibrator] of calibrators.entries()) {
    if (calibrator === null) continue
    const rows = [...labels.keys()].filter((i) => labels[i] === k)
    const values = applyCalibrator(
      calibrator,
      rows.map((i) => confidence[i]),
    )
    for (const [at, i] of rows.entries()) calibrated[i] = values[at]
  }
  return { labels, confidence: calibrated }
}

/** Returns class (int64) and calibrated probability, both [n, 1], of probabilities [n, k] as Values. */
export function topLabelValue(
  { calibrators }: TopLabelCalibrator,
  probabilities: Value,
): { label: Value; confidence: Value } {
  const label = argMax(probabilities, { axis: 1, keepDims: true })
  const top = reduceMax(probabilities, { axes: [1], keepDims: true })
  const confidence = calibrators.reduce(
    (value, calibrator, k) =>
      calibrator === null ? value : where(equal(label, k), calibratorValue(calibrator, top), value),
    top,
  )
  return { label, confidence: castLike(confidence, probabilities) }
}
