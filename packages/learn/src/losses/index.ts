import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  hinge,
  hingeEmbedding,
  klDivergence,
  klDivergenceOfProbabilities,
  multiLabelSoftMargin,
  softMargin,
  squaredHinge,
} from './binary.ts'
import { crossEntropy, multiLabelMargin, multiMargin, nll } from './classes.ts'
import { ctc } from './ctc.ts'
import { cosineEmbedding, marginRanking, tripletMargin, tripletMarginWithDistance } from './embedding.ts'
import { adaptiveLogSoftmax, linearCrossEntropy } from './head.ts'
import { pinball } from './quantile.ts'
import {
  cosineSimilarity,
  gaussianNll,
  huber,
  logCosh,
  mae,
  mape,
  mse,
  msle,
  poissonNll,
  smoothL1,
} from './regression.ts'

/** Every loss of a prediction and a target by its name: a function of its settings, with `parameters` and `source`. */
export const losses = {
  mse,
  mae,
  smoothL1,
  huber,
  mape,
  msle,
  logCosh,
  cosineSimilarity,
  poissonNll,
  pinball,
  crossEntropy,
  nll,
  multiMargin,
  multiLabelMargin,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  multiLabelSoftMargin,
  softMargin,
  hingeEmbedding,
  hinge,
  squaredHinge,
  klDivergence,
  klDivergenceOfProbabilities,
} as const

/** Every loss of several values by its name, as `losses`. */
export const jointLosses = {
  gaussianNll,
  marginRanking,
  cosineEmbedding,
  tripletMargin,
  tripletMarginWithDistance,
  ctc,
  linearCrossEntropy,
  adaptiveLogSoftmax,
} as const

export * from './binary.ts'
export { crossEntropy, multiLabelMargin, multiMargin, nll } from './classes.ts'
export { type Aligned, ctc } from './ctc.ts'
export type { LossEntry, LossSettings } from './define.ts'
export * from './embedding.ts'
export * from './head.ts'
export {
  type JointLoss,
  jointLossValue,
  type Loss,
  type Losses,
  type LossOptions,
  lossSums,
  lossValue,
  type Reduction,
} from './loss.ts'
export * from './quantile.ts'
export * from './regression.ts'
