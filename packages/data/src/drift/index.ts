export {
  type ColumnDrift,
  type DriftOptions,
  type DriftReference,
  type DriftReport,
  drift,
  driftReference,
  type MissingDrift,
  type PerColumn,
} from './drift.ts'
export type { Method, MethodOptions, Score } from './method.ts'
export { driftMethods, type MethodName } from './methods.ts'
export { categorySample, type Kind, numberSample, type Sample } from './sample.ts'
