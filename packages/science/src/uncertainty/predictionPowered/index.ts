export { type ActiveEstimate, type ActiveRows, activeMean } from './activeMean.ts'
export type { PoweredEstimate, PoweredOptions, PoweredRows } from './estimate.ts'
export {
  type PoweredMoments,
  poweredDifference,
  poweredMean,
  poweredMeanOf,
  poweredMeanOfTable,
} from './poweredMean.ts'
export { poweredQuantile } from './poweredQuantile.ts'
export { type PoweredFamily, type PoweredFeatures, poweredRegression } from './poweredRegression.ts'
