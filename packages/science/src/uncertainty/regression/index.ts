export {
  type BootstrapConformal,
  type BootstrapIntervals,
  type BootstrapOptions,
  bootstrapIntervals,
  calibrateBootstrap,
} from './bootstrap.ts'
export {
  type CrossAnswers,
  type CrossConformal,
  type CrossMethod,
  type CrossOptions,
  calibrateCross,
  crossIntervals,
  crossPoint,
  type PointAggregate,
  pinballWeights,
} from './cross.ts'
export { type Difficulty, type DifficultyOptions, difficulty, ensembleDifficulty, fitDifficulty } from './difficulty.ts'
export { type IntervalFigureOptions, intervalFigure } from './figures.ts'
export {
  calibrateGrid,
  calibrateHistogram,
  type GridConformal,
  gridUnions,
  type HistogramConformal,
  histogramIntervals,
  inUnion,
  type Union,
  type UnionOptions,
  unionLength,
} from './histogram.ts'
export { type IntervalsCoverOptions, intervalsCover } from './intervalsCover.ts'
export { type IntervalValues, intervalValues } from './intervalValues.ts'
export { fitLeverage, type Leverage, leverageSigma, leverages } from './leverage.ts'
export {
  type Percentiles,
  type PredictedRows,
  type PredictiveSystem,
  type PredictiveSystemOptions,
  predictiveCrps,
  predictiveDistribution,
  predictiveIntervals,
  predictivePercentiles,
  predictivePValues,
  predictiveSystem,
  type Smoothing,
} from './predictiveSystem.ts'
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
export {
  calibrateRegressionTable,
  type GroupExpression,
  type IntervalColumns,
  type PartColumns,
  type RegressionTableOptions,
  withIntervals,
} from './tables.ts'
