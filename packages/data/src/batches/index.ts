export { type Batch, type BatchId, type BatchOptions, batches, fileBatches, runBatches } from './batches.ts'
export { type BatchDefinition, fromGreatBatchDefinition, toGreatBatchDefinition } from './greatBatches.ts'
export type { BatchBy, DatePart } from './partition.ts'
