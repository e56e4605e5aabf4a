export { type BetaCalibrator, type BetaParameters, fitBeta } from './beta.ts'
export { applyCalibrator, type BinaryCalibrator, calibratorValue } from './binaryCalibrators.ts'
export {
  applyLinear,
  fitDirichlet,
  fitMatrixScaling,
  fitVectorScaling,
  type LinearCalibrator,
  type LinearOptions,
  linearValue,
} from './classCalibrators.ts'
export {
  type ConformalTemperature,
  type ConformalTemperatureOptions,
  fitConformalTemperature,
} from './conformalTemperature.ts'
export {
  fitHistogramBinning,
  fitPlattBinning,
  type HistogramCalibrator,
  type HistogramOptions,
  type PlattBinningCalibrator,
} from './histogramBinning.ts'
export { fitIsotonic, type IsotonicCalibrator } from './isotonicCalibrator.ts'
export { fitPlatt, type PlattCalibrator } from './platt.ts'
export {
  applyTopLabel,
  type BinaryFit,
  fitTopLabel,
  type TopLabelCalibrator,
  type TopLabels,
  topLabelValue,
} from './topLabel.ts'
export {
  fitVennAbers,
  mergeVennAbers,
  type VennAbersCalibrator,
  type VennAbersMerge,
  type VennAbersOptions,
  type VennAbersProbabilities,
  vennAbersBracket,
  vennAbersProbabilities,
} from './vennAbers.ts'
export {
  applyVennAbersClasses,
  fitVennAbersClasses,
  type VennAbersClasses,
  type VennAbersClassesOptions,
  vennAbersClassesValue,
} from './vennAbersClasses.ts'
export {
  applyVennAbersRegression,
  fitVennAbersRegression,
  type VennAbersNumbers,
  type VennAbersRegression,
} from './vennAbersRegression.ts'
