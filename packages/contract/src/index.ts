export { canonical, type Json } from './canonical.ts'
export type {
  Claim,
  Count,
  MeasureContext,
  Measured,
  MeasuredPart,
  Measurement,
  Operator,
  Quantity,
  Rebuilt,
} from './claim.ts'
export type { Dataset, ReadOf, WriteOf } from './dataset.ts'
export { type ErrorRecord, errorFrom, errorRecord, PodError, type PodErrorDetail } from './error.ts'
export type { OutputRecord, RunEvent, RunStatus } from './event.ts'
export { type Evidence, type EvidencePart, evidenceId, type PValues, type Verdict } from './evidence.ts'
export type { Figure, FigureColumn, FigureKind } from './figure.ts'
export { type GuardMetadata, guardKey, type ModelColumn, readGuard, rowJsonSchema } from './guard.ts'
export { asHash, type Hash, hashBytes, hashValue, isHash } from './hash.ts'
export { escapeHtml, type HtmlPage, htmlPage } from './html.ts'
export { didYouMean, nearest } from './nearest.ts'
export { type DataType, sizeOf, type Tensor, type TensorArrays, tensor } from './tensor.ts'
