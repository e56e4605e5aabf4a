export * from './algebra/index.ts'
export * from './anomaly/index.ts'
export * from './boxes/index.ts'
export * from './calibrate/index.ts'
export {
  bootstrapError,
  calibrationError,
  debiasedCalibrationError,
  type ReliabilityBin,
  reliabilityBins,
} from './calibrationError.ts'
export * from './calibrationMetrics/index.ts'
export * from './calibrators/index.ts'
export * from './claims/index.ts'
export * from './classification/index.ts'
export * from './conditional/index.ts'
export { calibrationErrorOf, countCovered, covers, type ModelAndData } from './covers.ts'
export { marginOfLast, temperedSoftmax } from './graph.ts'
export * from './graphScores/index.ts'
export * from './leaveOneOut/index.ts'
export * from './losses/index.ts'
export * from './metrics/index.ts'
export * from './multivariate/index.ts'
export * from './online/index.ts'
export * from './predictionPowered/index.ts'
export * from './proof/index.ts'
export * from './pValues/index.ts'
export * from './regression/index.ts'
export * from './risk/index.ts'
export * from './robustness/index.ts'
export * from './sequential/index.ts'
export {
  type FoldOptions,
  hashFolds,
  type RowKey,
  rowsWithoutFold,
  splitRows,
  type TimeFoldOptions,
  timeFolds,
} from './splitting.ts'
export { fitTemperature, type TemperatureOptions } from './temperature.ts'
