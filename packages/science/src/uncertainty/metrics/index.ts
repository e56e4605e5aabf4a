export {
  accuracyRejectionArea,
  type CoverageClassifier,
  type CoverageLoss,
  coverageLosses,
  type ExcessRiskOptions,
  excessRisk,
} from './conditional.ts'
export {
  type CoverageCell,
  coverageByGroup,
  coverageBySize,
  coverageByStratum,
  coverageGap,
  intervalCover,
  largestViolation,
  leastCoverage,
  macroCoverage,
  meanCover,
  setCover,
  setSizes,
  unionCover,
  violatedGroups,
} from './cover.ts'
export { hsic } from './hsic.ts'
export { labelRanks, type SetSummary, setSummary } from './sets.ts'
export { type WorstSlab, type WorstSlabOptions, worstSlab } from './worstSlab.ts'
