export {
  type ConformalLossOptions,
  type ConfTrOptions,
  cdLoss,
  confTrLoss,
  confTsLoss,
  scpoLoss,
  type UncertaintyAwareOptions,
  uncertaintyAwareLoss,
} from './conformalLosses.ts'
export { type ConfTsOptions, type ConfTsTemperature, fitConfTs } from './fitConfTs.ts'
export { type OrdinalShape, ordinalHead } from './ordinalHead.ts'
export { type R2ccpOptions, r2ccpLoss } from './r2ccp.ts'
export { type SoftSortOptions, softQuantile, softSort } from './softSort.ts'
