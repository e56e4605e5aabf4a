import { PodError } from '@mlpod/contract'
import { normalWidth } from './estimate.ts'

/** Rows of which some were sent to be labelled, each with its own probability. */
export interface ActiveRows {
  /** Predictions of all rows. */
  readonly predictions: ArrayLike<number>
  /** NaN where no label was asked for. */
  readonly labels: ArrayLike<number>
  /** Probability with which each row was sent, decided before its label was seen. */
  readonly probabilities: ArrayLike<number>
}

/** A mean with its interval, and the number of labels it took. */
export interface ActiveEstimate {
  readonly estimate: number
  readonly lower: number
  readonly upper: number
  readonly standardError: number
  readonly n: number
  readonly labelled: number
}

/**
 * Returns the mean of the labels over all rows when labels were asked for where they tell most: the mean of prediction +
 * (label - prediction) / probability where there is a label. Throws `LENGTH_MISMATCH`, `SAMPLE_TOO_SMALL`,
 * `PROBABILITY_INVALID` unless probabilities are in (0, 1], `CONFIDENCE_INVALID`. Source: Zrnic, Candes (2024), "Active
 * statistical inference".
 */
export function activeMean(
  { predictions, labels, probabilities }: ActiveRows,
  { confidence = 0.95 }: { readonly confidence?: number } = {},
): ActiveEstimate {
  const n = predictions.length
  if (labels.length !== n || probabilities.length !== n)
    throw new PodError(
      'LENGTH_MISMATCH',
      `${n} predictions do not match ${labels.length} labels or ${probabilities.length} probabilities`,
    )
  if (n < 2) throw new PodError('SAMPLE_TOO_SMALL', `${n} rows are too few to tell an error`)
  const width = normalWidth(confidence)
  let [sum, labelled] = [0, 0]
  const terms = Float64Array.from({ length: n }, (_, i) => {
    if (!(probabilities[i] > 0 && probabilities[i] <= 1))
      throw new PodError('PROBABILITY_INVALID', `the probability ${probabilities[i]} of row ${i} is not in (0, 1]`)
    const known = !Number.isNaN(labels[i])
    labelled += Number(known)
    const term = predictions[i] + (known ? (labels[i] - predictions[i]) / probabilities[i] : 0)
    sum += term
    return term
  })
  const estimate = sum / n
  const variance = terms.reduce((total, term) => total + (term - estimate) ** 2, 0) / (n - 1)
  const standardError = Math.sqrt(variance / n)
  return {
    estimate,
    lower: estimate - width * standardError,
    upper: estimate + width * standardError,
    standardError,
    n,
    labelled,
  }
}
