export type { ExprNode } from '@uwdata/mosaic-sql'
export * from './batches/index.ts'
export { assertSchema, checkSchema, type SchemaCheck, type Violation } from './checkSchema.ts'
export type { ColumnData } from './columns.ts'
export { conforms } from './conforms.ts'
export { type CsvOptions, csv } from './csv.ts'
export * from './detectors/index.ts'
export * from './drift/index.ts'
export { closeEngine, type Sql, traceStatements } from './engine.ts'
export * from './estimate/index.ts'
export type { RowCondition } from './expectations/condition.ts'
export type {
  Expectation,
  ExpectationResult,
  ExpectationType,
  Partition as ExpectedPartition,
  Severity,
} from './expectations/expectation.ts'
export { type ExpectationOptions, expectations } from './expectations/run.ts'
export { hashSplit, placeOf, type SplitOptions } from './hashSplit.ts'
export { type ColumnArray, relationOf, type TableData } from './ingest.ts'
export * from './metaFeatures/index.ts'
export { type FeatureSeparation, type NoLeakOptions, noLeak, separation } from './noLeak.ts'
export * from './presets/index.ts'
export * from './privacy/index.ts'
export * from './profile/index.ts'
export { complete, fresh, unique } from './promises.ts'
export * from './quality/index.ts'
export { untyped } from './query.ts'
export type { AnyRelation, Cell, ColumnInfo, Expression, JoinKind, OrderKey, Relation } from './relation.ts'
export * from './relational/index.ts'
export * from './rows/index.ts'
export {
  bool,
  type Column,
  type ColumnType,
  date,
  float,
  int,
  type Role,
  type RowOfColumns,
  type RowSchema,
  type RowSchemaOptions,
  rowSchema,
  type StandardRowSchema,
  string,
  timestamp,
} from './schema.ts'
export * from './schemas/index.ts'
export { type ArrowTable, arrowBatches, relationOfArrow } from './sources/arrow.ts'
export type { Format, OpenOptions } from './sources/format.ts'
export { formats, openTable } from './sources/openTable.ts'
export { type PostgresTableOptions, postgresTable } from './sources/postgresTable.ts'
export { source } from './sources/source.ts'
export { asRowSchema, type RowOf, type SchemaLike, type StandardRow } from './standardSchema.ts'
export * from './suites/index.ts'
export { type ColumnSummary, SUMMARY_QUANTILES, summarize } from './summarize.ts'
export { parquet, type SourceOptions, schemaHash, type TableDataset, type TableOptions, table } from './table.ts'
export * from './texts/index.ts'
export type { Writable } from './write.ts'
