import { PodError } from '@mlpod/contract'
import { cellsOf } from './cells.ts'
import { ABSTAINED, OUTCOME_RISKS, type OutcomeRisk, precisionOf, recallOf } from './outcomeRisks.ts'
import { checkThresholds, type RiskCurves, riskGrid } from './riskCurve.ts'
import { thresholdCurves } from './thresholdCurve.ts'

/** Settings of risks of a threshold. */
export interface ThresholdRiskOptions {
  /** Thresholds to try, ascending; 0, 0.01, ..., 0.99 by default. */
  readonly lambdas?: readonly number[]
  /** Risks beside those of the table, by name. */
  readonly risks?: Readonly<Record<string, OutcomeRisk>>
  /** A group for each row: the risk `recall@a` is recall among the rows of group "a". */
  readonly groups?: readonly string[]
}

/** 0, 0.01, ..., 0.99. */
export const defaultGrid: readonly number[] = riskGrid(0, 0.99, 100)

/**
 * Returns the risks of "class 1 if and only if score >= lambda" on rows whose truth is 0 or 1. A NaN score abstains. Each
 * risk costs one pass over the rows, whatever the number of thresholds. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`,
 * `LABEL_UNKNOWN`, `LAMBDAS_INVALID`.
 * Source: MAPIE 1.6 `BinaryClassificationController` (which makes a matrix of all rows and thresholds).
 */
export function binaryRisks(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { lambdas = defaultGrid, risks = {}, groups }: ThresholdRiskOptions = {},
): RiskCurves {
  const n = checkRows(scores.length, labels, groups)
  checkThresholds(lambdas)
  const kind = new Uint32Array(n)
  for (let i = 0; i < n; i++) {
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new PodError('LABEL_UNKNOWN', `the label ${labels[i]} of row ${i} is neither 0 nor 1`)
    kind[i] = labels[i] + (Number.isNaN(scores[i]) ? 2 : 0)
  }
  return thresholdCurves(
    { cells: cellsOf(scores, lambdas), kind, kinds: BINARY_KINDS, groups },
    { ...OUTCOME_RISKS, ...risks },
    lambdas,
  )
}

/** Rows with a score, by truth; then rows without one, which abstain. */
export const BINARY_KINDS = [
  { truth: 0, reached: 1, below: 0 },
  { truth: 1, reached: 1, below: 0 },
  { truth: 0, reached: ABSTAINED, below: ABSTAINED },
  { truth: 1, reached: ABSTAINED, below: ABSTAINED },
] as const

/**
 * Returns the risks of "the class of the largest probability if it is >= lambda, else abstain" (`probabilities` [n, k]
 * row-major, `labels` class indices, ties to the lowest index). Beside the table of risks there are `recall:k` and
 * `precision:k`, one class against the rest. Throws as `binaryRisks`, and `PROBABILITY_INVALID`.
 * Source: MAPIE 1.6 `MultiClassificationLTTController`, `build_recall_ovr`, `build_precision_ovr`.
 */
export function multiclassRisks(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { lambdas = defaultGrid, risks = {}, groups }: ThresholdRiskOptions = {},
): RiskCurves {
  const classes = labels.length > 0 ? probabilities.length / labels.length : 0
  const n = checkRows(Number.isInteger(classes) ? labels.length : probabilities.length, labels, groups)
  checkThresholds(lambdas)
  const top = new Float64Array(n)
  const kind = new Uint32Array(n)
  for (let i = 0; i < n; i++) {
    const best = topClass(probabilities, i, classes)
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes))
      throw new PodError('LABEL_UNKNOWN', `the label ${labels[i]} of row ${i} is no class from 0 to ${classes - 1}`)
    top[i] = probabilities[i * classes + best]
    kind[i] = labels[i] * classes + best
  }
  const kinds = Array.from({ length: classes * classes }, (_, at) => ({
    truth: Math.floor(at / classes),
    reached: at % classes,
    below: ABSTAINED,
  }))
  const each = Object.fromEntries(
    Array.from({ length: classes }, (_, k) => [
      [`recall:${k}`, recallOf(k)],
      [`precision:${k}`, precisionOf(k)],
    ]).flat(),
  )
  const { accuracy, abstentionRate, selectiveAccuracy } = OUTCOME_RISKS
  return thresholdCurves(
    { cells: cellsOf(top, lambdas), kind, kinds, groups },
    { accuracy, abstentionRate, selectiveAccuracy, ...each, ...risks },
    lambdas,
  )
}

function topClass(probabilities: ArrayLike<number>, row: number, classes: number): number {
  let [best, total] = [0, 0]
  for (let j = 0; j < classes; j++) {
    const p = probabilities[row * classes + j]
    if (!(p >= 0 && p <= 1)) throw new PodError('PROBABILITY_INVALID', `${p} of row ${row} is no probability`)
    total += p
    if (p > probabilities[row * classes + best]) best = j
  }
  if (Math.abs(total - 1) > 1e-5)
    throw new PodError('PROBABILITY_INVALID', `the probabilities of row ${row} sum to ${total}, not to 1`)
  return best
}

/** Returns the number of rows. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`. */
export function checkRows(n: number, labels: ArrayLike<unknown>, groups?: readonly string[]): number {
  if (labels.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  if (n !== labels.length) throw new PodError('LENGTH_MISMATCH', `${n} scores do not match ${labels.length} labels`)
  if (groups && groups.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${groups.length} groups do not match ${n} rows`)
  return n
}
