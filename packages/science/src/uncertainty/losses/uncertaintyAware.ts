import { PodError } from '@mlpod/contract'
import {
  abs,
  add,
  div,
  dtypeOf,
  gatherElements,
  like,
  mul,
  reduceMax,
  reduceMean,
  relu,
  reshape,
  sub,
  type Value,
} from '@mlpod/graph'
import { crossEntropy, type Loss, lossValue } from '@mlpod/learn'
import { scoresByClass, transformedValue } from '../classification/labelScoreValues.ts'
import { classScoreOf } from '../classification/scores.ts'
import { asColumn, between, classesOf, classLoss, parted, positive } from './batch.ts'

/** Settings of `uncertaintyAwareLoss`. */
export interface UncertaintyAwareOptions {
  /** Share of a batch whose scores are to be uniform (0.2 by default); the rest is classified. */
  readonly fraction?: number
  /** How much that counts beside the cross entropy (1 by default). */
  readonly weight?: number
  /** Places at which distributions are compared (20 by default). */
  readonly places?: number
}

/**
 * Returns the cross entropy of a part of the batch and, of the rest, the Kolmogorov distance between the distribution of randomised APS
 * scores and the uniform one that they have when the probabilities are right. The distribution is averaged over the random numbers
 * (a row's score is uniform over its label's part of the mass), so that nothing is drawn and nothing has to be sorted softly.
 * Throws `OPTION_INVALID`. Source: Einbinder, Romano, Sesia, Zhou 2022.
 */
export function uncertaintyAwareLoss({ fraction = 0.2, weight = 1, places = 20 }: UncertaintyAwareOptions = {}): Loss {
  const share = between('fraction', fraction)
  positive('weight', weight)
  if (!(Number.isInteger(places) && places > 0))
    throw new PodError('OPTION_INVALID', `"places" is ${places}`, { hint: 'a whole number above 0' })
  return classLoss('uncertaintyAware', (logits, labels) => {
    const [judged, rest] = parted(logits, share)
    const [truth, others] = parted(labels, share)
    const distance = uniformDistance(judged, truth, places)
    return add(lossValue(crossEntropy(), rest, others), mul(distance, weight))
  })
}

/** The largest distance between F(t) = mean of clip((t - before) / p, 0, 1) and t at places in (0, 1). */
function uniformDistance(logits: Value, labels: Value, places: number): Value {
  const dtype = dtypeOf(logits) === 'float64' ? 'float64' : 'float32'
  const probability = transformedValue(logits, 'softmax')
  const masses = scoresByClass(probability, classScoreOf('aps'), classesOf(logits), dtype)
  const ofOwn = (x: Value): Value => gatherElements(x, asColumn(labels), { axis: 1 })
  const own = add(ofOwn(probability), 1e-6)
  const before = sub(ofOwn(masses), own)
  const grid = Array.from({ length: places }, (_, i) => (i + 0.5) / places)
  const t = reshape(like(logits, grid), [1, places])
  // clip as a difference of ramps, which has derivatives of all orders almost everywhere
  const share = div(sub(t, before), own)
  const F = reduceMean(sub(relu(share), relu(sub(share, 1))), { axes: [0], keepDims: false })
  return reduceMax(abs(sub(F, like(logits, grid))), { keepDims: false })
}
