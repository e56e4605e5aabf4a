export { errorCovariance, type NeighbourCovarianceOptions, neighbourCovariances } from './covariances.ts'
export {
  calibrateEllipsoid,
  type EllipsoidConformal,
  type EllipsoidOptions,
  type EllipsoidSlice,
  type Ellipsoids,
  ellipsoidIntervals,
  ellipsoidScores,
  ellipsoids,
  ellipsoidsHold,
  ellipsoidVolumes,
  type GaussianRows,
  sliceEllipsoid,
} from './ellipsoid.ts'
export {
  calibrateJointIntervals,
  errorScales,
  type JointConformal,
  type JointIntervalOptions,
  type JointIntervals,
  jointCover,
  jointIntervals,
} from './jointIntervals.ts'
export {
  calibrateJoint,
  type JointCalibration,
  type JointCorrection,
  type JointMethod,
  type JointOptions,
  jointPValues,
} from './jointScores.ts'
export { jointIntervalValues } from './jointValues.ts'
export { outputConformal } from './outputConformal.ts'
