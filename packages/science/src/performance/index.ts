export { answeredWithin, type LatencyOptions } from './latency.ts'
export { aucOf, logLossOf } from './quality.ts'
