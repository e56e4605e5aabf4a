export type { BinEdges } from './bins.ts'
export {
  type CalibrationTest,
  type CumulativeOptions,
  calibrationKolmogorovSmirnov,
  calibrationKuiper,
  type SpiegelhalterTest,
  spiegelhalterTest,
} from './cumulativeTests.ts'
export { type BinnedError, type BinnedErrorOptions, expectedCalibrationError } from './expectedCalibrationError.ts'
export type { CalibrationKind } from './pairs.ts'
export { type Reliability, type ReliabilityOptions, type ReliabilityPoint, reliability } from './reliability.ts'
export {
  type BrierParts,
  brierParts,
  classBrier,
  classLogLoss,
  coverageWidthCriterion,
  crpsOfNormal,
  crpsOfSamples,
  intervalScore,
  pinballLoss,
} from './scores.ts'
export { smoothCalibrationError } from './smoothError.ts'
