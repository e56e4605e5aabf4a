export {
  bootstrapError,
  calibrationError,
  debiasedCalibrationError,
  type ReliabilityBin,
  reliabilityBins,
} from './calibrationError.ts'
export { calibrationErrorOf, countCovered, covers, type ModelAndData } from './covers.ts'
export { type GroupColumn, marginOfLast, nextFloat32, splitSet, splitThreshold, temperedSoftmax } from './graph.ts'
export { type CalibratedGroup, calibrateSplit, type SplitConformal, type SplitOptions, splitSets } from './split.ts'
export { fitTemperature, type TemperatureOptions } from './temperature.ts'
