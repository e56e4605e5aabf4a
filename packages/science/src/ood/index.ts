export { falseAlarmRate, flaggedShare, type Shift, shifted } from './claims.ts'
export { conformalPValue, mahalanobisScore } from './graph.ts'
export {
  conformalPValues,
  fitMahalanobis,
  type Mahalanobis,
  type MahalanobisOptions,
  mahalanobisScores,
} from './mahalanobis.ts'
