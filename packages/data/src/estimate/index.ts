export { type CbpeOptions, type ChunkEstimate, cbpe, type Estimate, type Estimator } from './cbpe.ts'
export type { Chunking } from './chunks.ts'
export { type DleOptions, dle, type EstimatedLoss } from './dle.ts'
export type { EstimatedMetric } from './metrics.ts'
