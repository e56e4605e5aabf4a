export { type AnytimeColumn, type AnytimeDrift, type AnytimeOptions, type DriftWatch, driftWatch } from './anytime.ts'
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
export { driftHtml } from './driftHtml.ts'
export { type ColumnImpact, type DriftImpact, type DriftImpactOptions, driftImpact, type Gradients } from './impact.ts'
export type { Method as DriftMethod } from './method.ts'
export { driftMethods, type MethodName as DriftMethodName } from './methods.ts'
export { type NoDriftOptions, noDrift } from './noDrift.ts'
export { type RowDriftMethod, rowMethods } from './rowMethods.ts'
export { type RowDrift, type RowDriftOptions, rowDrift } from './rows.ts'
export type { Kind as DriftKind } from './sample.ts'
