import { PodError } from '@mlpod/contract'

/** Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `SCORES_NAN`, `LABEL_UNKNOWN` unless there are scores and labels 0 or 1. */
export function checkBinaryRows(scores: ArrayLike<number>, labels: ArrayLike<number>): void {
  if (scores.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  if (labels.length !== scores.length)
    throw new PodError('LENGTH_MISMATCH', `${scores.length} scores do not match ${labels.length} labels`)
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) throw new PodError('SCORES_NAN', `the score of row ${i} is NaN`)
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new PodError('LABEL_UNKNOWN', `the label ${labels[i]} of row ${i} is neither 0 nor 1`)
  }
}

/** Throws `PROBABILITY_INVALID` unless all are in [0, 1]. */
export function checkUnit(scores: ArrayLike<number>): void {
  for (let i = 0; i < scores.length; i++)
    if (!(scores[i] >= 0 && scores[i] <= 1))
      throw new PodError('PROBABILITY_INVALID', `${scores[i]} of row ${i} is no probability`, {
        hint: 'Platt scaling and isotonic regression take any scores',
      })
}

/** Returns the weights, all 1 by default. Throws `LENGTH_MISMATCH`, `WEIGHT_INVALID`. */
export function checkedWeights(n: number, weights?: ArrayLike<number>): ArrayLike<number> {
  if (weights === undefined) return new Float64Array(n).fill(1)
  if (weights.length !== n) throw new PodError('LENGTH_MISMATCH', `${weights.length} weights do not match ${n} rows`)
  let sum = 0
  for (let i = 0; i < n; i++) {
    if (!(weights[i] >= 0)) throw new PodError('WEIGHT_INVALID', `the weight ${weights[i]} of row ${i} is not >= 0`)
    sum += weights[i]
  }
  if (!(sum > 0)) throw new PodError('WEIGHT_INVALID', 'all weights are zero')
  return weights
}

/** Throws `SCORE_NOT_FINITE` unless all are finite. */
export function checkFinite(scores: ArrayLike<number>): void {
  for (let i = 0; i < scores.length; i++)
    if (!Number.isFinite(scores[i]))
      throw new PodError('SCORE_NOT_FINITE', `the score of row ${i} is ${scores[i]}`, {
        hint: 'Venn-Abers and histogram binning take infinite scores',
      })
}
