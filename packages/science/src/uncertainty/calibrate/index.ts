export {
  atLevels,
  type CalibratedScores,
  type CalibrateOptions,
  type Calibration,
  calibrateScores,
  checkLength,
  groupPlaces,
  type KnownGroups,
  type NewRows,
  thresholdsOf,
  type UnseenGroup,
} from './calibrate.ts'
export { complement, eachSide, type LevelOption, levelsOf } from './levels.ts'
export { fitLikelihoodRatio, type LikelihoodRatio, likelihoodRatios } from './likelihoodRatio.ts'
export { groupEdges, groupsOfNumbers, type NumberGroupOptions } from './numberGroups.ts'
export { type ShiftClassifier, type ShiftWeightOptions, type ShiftWeights, shiftWeights } from './shiftWeights.ts'
export {
  addScores,
  mergeSketches,
  type ScoreSketch,
  type SketchThreshold,
  scoreSketch,
  sketchThresholds,
} from './sketch.ts'
export { type GroupColumn, nextFloat32, type ScoredGroups, thresholdAtLevel, thresholdValue } from './thresholdValue.ts'
export { weightedThreshold } from './weighted.ts'
