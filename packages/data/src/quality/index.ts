export {
  type ClassificationQuality,
  type ClassifierColumns,
  classificationQuality,
  type LabelQuality,
} from './classification.ts'
export { type Condition, type ConditionResult, checkMetrics, type Threshold } from './conditions.ts'
export { type RankingColumns, type RankingQuality, rankingQuality } from './ranking.ts'
export { type MeanAndSd, type RegressionQuality, type RelativeErrorOptions, regressionQuality } from './regression.ts'
export { type TableQuality, type Twins, tableQuality } from './table.ts'
