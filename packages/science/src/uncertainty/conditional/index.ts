export {
  type BisectionOptions,
  type ConditionalConformal,
  type ConditionalCutoffs,
  type ConditionalOptions,
  type CutoffOptions,
  calibrateConditional,
  conditionalCutoffByBisection,
  conditionalCutoffs,
  groupFeatures,
} from './conditionalConformal.ts'
export {
  type ConditionalIntervals,
  type ConditionalRegression,
  type ConditionalRegressionOptions,
  calibrateConditionalIntervals,
  conditionalIntervals,
} from './conditionalIntervals.ts'
export {
  calibrateKernelConditional,
  type KernelChoice,
  type KernelConformal,
  type KernelOptions,
  kernelCutoffs,
} from './kernelConformal.ts'
export type { KernelState } from './kernelPath.ts'
export {
  answerScores,
  calibrateLevelAdaptive,
  keptStatements,
  type LearnedLevels,
  type LearnLevelOptions,
  type LevelAdaptiveConformal,
  learnLevels,
  levelAdaptiveCutoffs,
  levelsAt,
  type ScoredAnswer,
} from './levelAdaptive.ts'
export { linearQuantile } from './linearQuantile.ts'
export type { PlaneVertex } from './quantilePlane.ts'
