import type { Measurement, Quantity } from '@mlpod/contract'
import { auc, logLoss } from '@mlpod/math'
import { type Answers, answersOf } from '../guard/answers.ts'
import type { ModelAndData, ModelAndRows } from '../uncertainty/covers.ts'

/** Returns probabilities of the last class and 0/1 outcomes of the labelled rows. */
export function labelled({ positive, truth, classes }: Answers): { p: Float64Array; y: Uint8Array; dropped: number } {
  const rows = Array.from(truth.keys()).filter((i) => truth[i] >= 0)
  return {
    p: Float64Array.from(rows, (i) => positive[i]),
    y: Uint8Array.from(rows, (i) => (truth[i] === classes - 1 ? 1 : 0)),
    dropped: truth.length - rows.length,
  }
}

/** An area under the ROC curve, ready to be judged. */
export interface MeasuredAuc {
  readonly auc: number
  readonly measurement: Measurement
  readonly method: string
}

/**
 * Returns the area under the ROC curve with DeLong's standard error (1988). Where that is 0 or unknown (all positives lie
 * above all negatives, or a class has one row) the normal law says nothing: then pairs of one row of each class, no row in
 * two of them, are counted (of two ties one is won), which has an exact test. Throws `ONE_CLASS`, `VALUE_NAN`.
 */
export function measureAuc(scores: ArrayLike<number>, outcomes: ArrayLike<number>): MeasuredAuc {
  const { auc: estimate, standardError } = auc(scores, outcomes)
  if (standardError > 0)
    return {
      auc: estimate,
      measurement: { kind: 'mean', estimate, standardError, n: scores.length },
      method: 'area under the ROC curve (DeLong)',
    }
  const rows = (outcome: number): number[] =>
    Array.from({ length: scores.length }, (_, i) => i).filter((i) => outcomes[i] === outcome)
  const [negatives, positives] = [rows(0), rows(1)]
  const n = Math.min(negatives.length, positives.length)
  let won = 0
  for (let i = 0; i < n; i++) {
    const gap = scores[positives[i]] - scores[negatives[i]]
    won += gap > 0 ? 1 : gap === 0 ? 0.5 : 0
  }
  return {
    auc: estimate,
    measurement: { kind: 'proportion', successes: Math.floor(won), n },
    method: 'area under the ROC curve (share of disjoint pairs in order)',
  }
}

/** The area under the ROC curve of the probability of the last class; see `measureAuc`. */
export const aucOf = ({ model, data }: ModelAndData): Quantity => ({
  quantity: 'auc',
  data: { model, data },
  async measure(inputs) {
    const { model, data } = inputs as ModelAndRows
    const { p, y, dropped } = labelled(await answersOf(model, data))
    const { measurement, method } = measureAuc(p, y)
    return { whole: measurement, n: y.length, dropped, method }
  },
})

/** The mean negative log likelihood (nats) of the labels. */
export const logLossOf = ({ model, data }: ModelAndData): Quantity => ({
  quantity: 'log loss',
  data: { model, data },
  async measure(inputs) {
    const { model, data } = inputs as ModelAndRows
    const { p, y, dropped } = labelled(await answersOf(model, data))
    const { estimate, standardError, n } = logLoss(p, y)
    const rate = y.reduce((sum, one) => sum + one, 0) / y.length
    const base = rate === 0 || rate === 1 ? 0 : -(rate * Math.log(rate) + (1 - rate) * Math.log(1 - rate))
    return {
      whole: { kind: 'mean', estimate, standardError, n },
      dropped,
      method: 'mean log loss',
      detail: { baseRateLogLoss: base },
    }
  },
})
