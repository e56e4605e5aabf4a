export {
  type InfluenceOptions,
  influenceLeaveOneOut,
  type LeftOneOut,
  type ModelDerivatives,
  type RidgeOptions,
  ridgeLeaveOneOut,
} from './leaveOneOut.ts'
