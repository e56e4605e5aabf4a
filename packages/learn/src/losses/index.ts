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
import { ciou, diou, giou } from './boxes.ts'
import { crossEntropy, multiLabelMargin, multiMargin, nll } from './classes.ts'
import { circle, ntxent, supCon } from './contrastive.ts'
import { ctc } from './ctc.ts'
import { mixtureDensity } from './density.ts'
import { cosineEmbedding, marginRanking, tripletMargin, tripletMarginWithDistance } from './embedding.ts'
import {
  binarySparsemax,
  generalizedKl,
  multiclassHinge,
  multiclassPerceptron,
  multiclassSparsemax,
  poly,
  safeSoftmaxCrossEntropy,
} from './fenchelYoung.ts'
import {
  binaryFocal,
  categoricalFocal,
  categoricalGeneralizedCrossEntropy,
  categoricalHinge,
  sigmoidFocal,
} from './focal.ts'
import { adaptiveLogSoftmax, linearCrossEntropy } from './head.ts'
import {
  allThreshold,
  coral,
  corn,
  cumulativeLink,
  immediateThreshold,
  ordinalLikelihood,
  softOrdinal,
  squaredEarthMover,
  weightedKappa,
} from './ordinal.ts'
import { dice, lovaszHinge, lovaszSoftmax, tversky } from './overlap.ts'
import { energyScore, ensembleCrps, expectile, gaussianCrps, pinball } from './quantile.ts'
import { lambdaRank, listMle, listNet, pairwiseLogistic, rankingSoftmax } from './ranking.ts'
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
import {
  barron,
  bootstrapped,
  cauchy,
  gemanMcClure,
  generalizedCrossEntropy,
  symmetricCrossEntropy,
  tukey,
  welsch,
  wing,
} from './robust.ts'
import { cox, discreteHazard } from './survival.ts'
import { barlowTwins, infoNce, sigLip, simClr, vicReg } from './views.ts'

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
  expectile,
  ensembleCrps,
  energyScore,
  tukey,
  cauchy,
  gemanMcClure,
  welsch,
  barron,
  wing,
  generalizedCrossEntropy,
  symmetricCrossEntropy,
  bootstrapped,
  crossEntropy,
  nll,
  multiMargin,
  multiLabelMargin,
  binaryCrossEntropyWithLogits,
  binaryCrossEntropy,
  multiLabelSoftMargin,
  softMargin,
  hingeEmbedding,
  hinge,
  squaredHinge,
  klDivergence,
  klDivergenceOfProbabilities,
  binaryFocal,
  sigmoidFocal,
  categoricalFocal,
  categoricalGeneralizedCrossEntropy,
  categoricalHinge,
  safeSoftmaxCrossEntropy,
  poly,
  binarySparsemax,
  multiclassHinge,
  multiclassPerceptron,
  multiclassSparsemax,
  generalizedKl,
  ordinalLikelihood,
  allThreshold,
  immediateThreshold,
  coral,
  corn,
  squaredEarthMover,
  softOrdinal,
  weightedKappa,
  rankingSoftmax,
  listNet,
  listMle,
  pairwiseLogistic,
  lambdaRank,
  circle,
  ntxent,
  supCon,
  tversky,
  dice,
  lovaszHinge,
  lovaszSoftmax,
  giou,
  diou,
  ciou,
} as const

/** Every loss of several values by its name, as `losses`. */
export const jointLosses = {
  gaussianNll,
  gaussianCrps,
  cumulativeLink,
  infoNce,
  simClr,
  sigLip,
  barlowTwins,
  vicReg,
  marginRanking,
  cosineEmbedding,
  tripletMargin,
  tripletMarginWithDistance,
  mixtureDensity,
  cox,
  discreteHazard,
  ctc,
  linearCrossEntropy,
  adaptiveLogSoftmax,
} as const

export { asLoss } from './asLoss.ts'
export * from './binary.ts'
export * from './boxes.ts'
export { crossEntropy, multiLabelMargin, multiMargin, nll } from './classes.ts'
export * from './contrastive.ts'
export * from './ctc.ts'
export type { LossEntry, LossSettings } from './define.ts'
export * from './density.ts'
export * from './embedding.ts'
export * from './fenchelYoung.ts'
export * from './focal.ts'
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
export * from './ordinal.ts'
export * from './overlap.ts'
export * from './quantile.ts'
export * from './ranking.ts'
export * from './regression.ts'
export * from './robust.ts'
export * from './survival.ts'
export * from './views.ts'
