export {
  type BisectionOptions,
  type ConditionalConformal,
  type ConditionalCutoffs,
  type ConditionalOptions,
  type CutoffOptions,
  calibrateConditional,
  conditionalCutoffByBisection,
  conditionalCutoffs,
  groupFeatures,
} from './conditionalConformal.ts'
export { linearQuantile, type PlaneVertex } from './quantilePlane.ts'
