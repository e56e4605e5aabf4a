export {
  type MetaFeatures,
  type MetaGroupName,
  type MetaOptions,
  metaFeatureNames,
  metaFeatures,
} from './metaFeatures.ts'
export type { SummaryName as MetaSummary } from './summaries.ts'
