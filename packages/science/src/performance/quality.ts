import type { Quantity } from '@mlpod/contract'
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

/** The area under the ROC curve of the probability of the last class, with DeLong's standard error (1988). */
export const aucOf = ({ model, data }: ModelAndData): Quantity => ({
  quantity: 'auc',
  data: { model, data },
  async measure(inputs) {
    const { model, data } = inputs as ModelAndRows
    const { p, y, dropped } = labelled(await answersOf(model, data))
    const { auc: estimate, standardError } = auc(p, y)
    return {
      whole: { kind: 'mean', estimate, standardError, n: y.length },
      dropped,
      method: 'area under the ROC curve (DeLong)',
    }
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
    const base = -(rate * Math.log(rate) + (1 - rate) * Math.log(1 - rate))
    return {
      whole: { kind: 'mean', estimate, standardError, n },
      dropped,
      method: 'mean log loss',
      detail: { baseRateLogLoss: base },
    }
  },
})
