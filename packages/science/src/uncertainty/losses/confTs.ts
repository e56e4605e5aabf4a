import { mul, reduceMean, sub } from '@mlpod/graph'
import type { Loss } from '@mlpod/learn'
import {
  batchScores,
  between,
  type ConformalLossOptions,
  classLoss,
  oneLevel,
  parted,
  positive,
  trainable,
} from './batch.ts'
import { softQuantile } from './softSort.ts'

/**
 * Returns the mean squared distance between the soft threshold of a part of the batch and the scores of the rest's labels: what a
 * temperature (or another calibrator of logits) is trained by. Throws as `confTrLoss`. Source: Xi et al. 2024 (ConfTS).
 */
export function confTsLoss({
  score = 'aps',
  transform = 'softmax',
  fraction = 0.5,
  temperature = 0.1,
  ...option
}: ConformalLossOptions): Loss {
  const level = oneLevel(option)
  const used = trainable(score)
  const share = between('fraction', fraction)
  positive('temperature', temperature)
  return classLoss('confTs', (logits, labels) => {
    const [known, fresh] = parted(batchScores(logits, labels, used, transform).own, share)
    const gap = sub(softQuantile(known, level, { temperature }), fresh)
    return reduceMean(mul(gap, gap), { keepDims: false })
  })
}
