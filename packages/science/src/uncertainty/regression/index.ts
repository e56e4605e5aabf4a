export { type IntervalValues, intervalValues } from './intervalValues.ts'
export {
  type RegressionPart,
  type RegressionParts,
  type RegressionScore,
  regressionScores,
  stdScore,
} from './scores.ts'
export {
  calibrateRegression,
  type IntervalSql,
  type Intervals,
  intervalSql,
  type RegressionColumns,
  type RegressionConformal,
  type RegressionOptions,
  regressionIntervals,
  thresholdSql,
} from './splitRegression.ts'
