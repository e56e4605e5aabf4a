export { answeredWithin, type LatencyOptions } from './latency.ts'
export { aucOf, logLossOf, type MeasuredAuc, measureAuc } from './quality.ts'
