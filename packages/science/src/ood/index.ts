export { falseAlarmRate, flaggedShare, type Shift, shifted } from './claims.ts'
export { conformalPValue, mahalanobisScore } from './graph.ts'
export {
  fitMahalanobis,
  type Mahalanobis,
  type MahalanobisOptions,
  mahalanobisScores,
  oodPValues,
} from './mahalanobis.ts'
