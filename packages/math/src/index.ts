export { type Auc, auc, aucPValue } from './auc.ts'
export { betaCdf, betaQuantile, incompleteBeta } from './beta.ts'
export { binomialCdf, binomialPmf, binomialPValue, binomialTail, hypergeometricPmf } from './binomial.ts'
export { type BoostedTrees, type BoostingOptions, boostedTrees, predictTrees } from './boostedTrees.ts'
export { brownianRangeTail, brownianSupremumTail } from './brownian.ts'
export { chiSquareCdf, chiSquareTail } from './chiSquare.ts'
export {
  type BettingOptions,
  type BettingSequence,
  type BoundaryOptions,
  bettingSequence,
  type MeanSequence,
  type MixtureBoundary,
  meanSequence,
  mixtureBoundary,
  noLosses,
} from './confidenceSequence.ts'
export { cholesky, choleskySolve, inverse, logDeterminant, singularValues, solve, symmetricEigen } from './dense.ts'
export {
  type DifferenceTest,
  differenceInterval,
  differenceTest,
  newcombe,
  type ScoreMethod,
} from './difference.ts'
export {
  bhattacharyya,
  hellinger,
  intersection,
  jensenShannonDistance,
  klDivergence,
  largestDifference,
  stabilityIndex,
  totalVariation,
} from './divergence.ts'
export {
  closedETest,
  type FamilywiseTest,
  type FixedSequenceOptions,
  fixedSequence,
  graphicalTest,
  type TestGraph,
} from './familywise.ts'
export { gammaln, incompleteGamma } from './gamma.ts'
export { type Isotonic, isotonicAt, isotonicRegression } from './isotonic.ts'
export { kolmogorovExactTail, kolmogorovTail, smirnovTail } from './kolmogorov.ts'
export { type ConvexAt, type ConvexMinimum, minimizeConvex } from './minimizeConvex.ts'
export { type Moments, mergeMoments, moments, noMoments, type Spread, spread, variance } from './moments.ts'
export { benjaminiHochberg, bonferroni, type Correction, eBenjaminiHochberg, holm } from './multiplicity.ts'
export { normalCdf, normalPdf, normalQuantile } from './normal.ts'
export { type OrderedNumbers, orderedNumbers } from './orderedNumbers.ts'
export { hypergeometricDraw, permutationOfCounts } from './permutation.ts'
export { brier, logLoss, type MeanScore, meanScore, type ScoreOptions } from './properScore.ts'
export { clopperPearson, type Interval, type IntervalOptions, type Sides, wilson } from './proportion.ts'
export { type QuantileMethod, quantile, quantiles, quantilesOfSorted } from './quantile.ts'
export { type Random, random } from './random.ts'
export {
  conformalRank,
  countBelow,
  midranks,
  type RankThreshold,
  rankThreshold,
  sortedWithoutNaN,
  sortOrder,
} from './rank.ts'
export {
  boundOfPValue,
  cltBound,
  cltPValue,
  empiricalBernsteinBound,
  hoeffdingBentkusPValue,
  hoeffdingBound,
  type LossCount,
  pelekisRamonWangPValue,
  wsrBound,
  wsrPValue,
} from './riskBounds.ts'
export { pooled, quantileOfRuns, type Runs, runsOf, runsOfSorted, spreadOfRuns, walk } from './runs.ts'
export { shapiroWilk } from './shapiroWilk.ts'
export { sortNumbers } from './sort.ts'
export { tCdf, tQuantile } from './student.ts'
export { threefry, type Words } from './threefry.ts'
export * from './twoSample/index.ts'
