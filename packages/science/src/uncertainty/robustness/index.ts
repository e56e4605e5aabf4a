export { type EqualizedCoverage, type EqualizedGroup, equalizedCoverage } from './equalized.ts'
export {
  type MaskConditionalOptions,
  type MaskConditionalThresholds,
  maskConditionalThresholds,
} from './maskConditional.ts'
export { type NoisyLabelOptions, type NoisyLabelThresholds, noisyLabelThresholds } from './noisyLabels.ts'
export { calibrateSmoothed, type SmoothedConformal, type SmoothedOptions, smoothedSets } from './smoothedScores.ts'
