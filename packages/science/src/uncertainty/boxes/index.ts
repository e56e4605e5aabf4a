export { type Boxes, boxAreas, boxesHold, boxIou, boxMetrics, type PixelOption } from './box.ts'
export { boxValues } from './boxValues.ts'
export {
  type BoxConformal,
  type BoxOptions,
  type BoxScore,
  type BoxSide,
  boxScores,
  type ConformalBoxes,
  calibrateBoxes,
  conformalBoxes,
} from './conformalBoxes.ts'
export {
  type DetectedImage,
  type DetectionLosses,
  type DetectionSettings,
  detectionLosses,
  detectionRisks,
  type LossTable,
} from './detections.ts'
export { type Assignment, assignment, type BoxMatches, type MatchOptions, matchBoxes } from './matching.ts'
export {
  controlSequentially,
  type SequentialChoice,
  type SequentialControl,
  type SequentialGoal,
  type SequentialRisks,
} from './sequential.ts'
