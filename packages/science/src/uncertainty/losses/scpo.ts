import { add, div, log, mul, neg, sigmoid, sub } from '@mlpod/graph'
import type { Loss } from '@mlpod/learn'
import { batchScores, type ConformalLossOptions, classLoss, oneLevel, positive, trainable } from './batch.ts'
import { coverageTerm, sizeTerm } from './confTr.ts'

/**
 * Returns log(size + lambda (coverage - level)^2), or minus its inverse, of soft sets {score <= 1}: threshold and scores are learnt
 * together, so the batch needs no calibration part. Throws `LEVEL_INVALID`, `OPTION_INVALID`, `OPTION_CONFLICT`.
 * Source: Bellotti 2021 (SCPO).
 */
export function scpoLoss({
  score = 'lac',
  transform = 'identity',
  lambda = 500,
  steepness = 5,
  form = 'logarithm',
  ...option
}: Pick<ConformalLossOptions, 'level' | 'alpha' | 'score' | 'transform'> & {
  readonly lambda?: number
  readonly steepness?: number
  readonly form?: 'logarithm' | 'negativeInverse'
}): Loss {
  const level = oneLevel(option)
  const used = trainable(score)
  positive('lambda', lambda)
  positive('steepness', steepness)
  return classLoss('scpo', (logits, labels) => {
    const { all } = batchScores(logits, labels, used, transform)
    const inside = sigmoid(mul(sub(1, all), steepness))
    const sum = add(sizeTerm(inside, 0, 'abs'), mul(coverageTerm(inside, labels, level), lambda))
    return form === 'logarithm' ? log(sum) : neg(div(1, sum))
  })
}
