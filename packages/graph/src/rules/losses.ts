import { losses as lossesOf } from '../compositions/losses.ts'
import type { Rule } from '../rule.ts'
import type { losses as schemas } from '../schemas/losses.ts'
import { decomposed } from './law.ts'

/** Rules of the losses of classes: (softmax - one-hot) weight / total, as their parts give it. */
export const losses: { readonly [O in keyof typeof schemas]: Rule } = {
  NegativeLogLikelihoodLoss: decomposed(lossesOf.NegativeLogLikelihoodLoss!),
  SoftmaxCrossEntropyLoss: decomposed(lossesOf.SoftmaxCrossEntropyLoss!),
}
