import { div, reduceMean, sigmoid, sub } from '@mlpod/graph'
import type { Loss } from '@mlpod/learn'
import { asColumn, batchScores, type ConformalLossOptions, classLoss, positive, trainable } from './batch.ts'

/**
 * Returns the mean share of labels whose score is (softly) no larger than that of the row's own label: what a set has whose threshold
 * is the row's own score. Trains an adapter of logits for small sets. TorchCP 1.2.1 takes the difference the other way round, which grows
 * as sets shrink. Throws `OPTION_INVALID`, `OPTION_CONFLICT`. Source: Liu et al. 2024, C-Adapter.
 */
export function cdLoss({
  score = 'aps',
  transform = 'softmax',
  softness = 1e-4,
}: Pick<ConformalLossOptions, 'score' | 'transform'> & { readonly softness?: number } = {}): Loss {
  const used = trainable(score)
  const soft = positive('softness', softness)
  return classLoss('cd', (logits, labels) => {
    const { all, own } = batchScores(logits, labels, used, transform)
    return reduceMean(sigmoid(div(sub(asColumn(own), all), soft)), { keepDims: false })
  })
}
