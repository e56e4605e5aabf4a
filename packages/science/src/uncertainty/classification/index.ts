export {
  type ClassifierConformal,
  type ClassifierMethod,
  type ClassifierOptions,
  calibrateClassifier,
  type LastLabel,
} from './classifier.ts'
export type { ClusterOptions } from './clusters.ts'
export {
  type CrossAggregate,
  type CrossClassifierConformal,
  type CrossClassifierOptions,
  calibrateCrossClassifier,
  crossClassifierSets,
} from './crossClassifier.ts'
export { type LabelScoreOptions, labelScores, ownLabelScores } from './labelScores.ts'
export { naiveSets } from './naive.ts'
export { type NeighbourOptions, neighbourScores } from './neighbourScores.ts'
export type { Randomize, RandomSource } from './randomize.ts'
export type { RankThresholds } from './rankThresholds.ts'
export type { ClassTransform } from './rows.ts'
export { type ClassScore, type ClassScoreName, type ClassScoreSettings, classScores, type LabelPart } from './scores.ts'
export { type SetSql, setSql } from './setSql.ts'
export { classifierSets, type NewClassRows } from './sets.ts'
export { type SetValueOptions, setValue } from './setValue.ts'
export { stratifiedRows, type TuneRapsOptions, tuneRaps } from './tuneRaps.ts'
