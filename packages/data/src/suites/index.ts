export {
  type Action as CheckpointAction,
  type CheckpointResult,
  checkpoint,
  postResults,
  type ReportFormat,
  type Validation as CheckpointValidation,
  writeReport,
} from './checkpoint.ts'
export type { UnexpectedCount } from './counts.ts'
export type { ExplainedStatement, Explanation } from './explain.ts'
export { explainFailures, type FailureRule } from './failureRule.ts'
export { fromGreatExpectations, toGreatExpectations } from './greatExpectations.ts'
export { toGreatExpectationsResult } from './greatResult.ts'
export { suiteHtml } from './html.ts'
export { suiteJUnit } from './junit.ts'
export { suiteMarkdown } from './markdown.ts'
export { type Mutant, type MutationName, type MutationReport, mutationTest } from './mutate.ts'
export { greatNames } from './names.ts'
export { parameter, type SuiteParameter } from './parameter.ts'
export { type ReportPlace, suiteAnnotations, suiteSarif } from './sarif.ts'
export {
  type Suggestion,
  type Suggestions,
  type SuggestOptions,
  suggest,
} from './suggest.ts'
export {
  type ResultFormat,
  type RunOptions as SuiteRunOptions,
  type Suite,
  type SuiteExpectation,
  type SuiteItem,
  type SuiteItemResult,
  type SuiteParts,
  type SuiteResult,
  type SuiteStatistics,
  suite,
} from './suite.ts'
export { type SuiteWindow, windowConstraints } from './windows.ts'
export { expectationWords } from './words.ts'
