export {
  type ConditionalRisk,
  type ConditionalRiskOptions,
  conditionalLambdas,
  fitConditionalRisk,
  missSteps,
  recallSteps,
  type StepLosses,
} from './conditionalRisk.ts'
export {
  type ConformalSelection,
  type SelectionOptions,
  type SelectionRows,
  selectConformal,
} from './conformalSelection.ts'
export { controlLanguageSets, type LanguageControl, languageSettings } from './controlLanguage.ts'
export { decisionValue, selectiveValue } from './controlledValue.ts'
export {
  type ControlledRisk,
  type ControlRiskOptions,
  controlRisk,
  predictControlled,
  type RiskControl,
  type RiskMethod,
} from './controlRisk.ts'
export {
  LANGUAGE_SET_SCORES,
  type LanguageCost,
  type LanguageSetOptions,
  type LanguageSets,
  type LanguageSetting,
  languageCost,
  languageSets,
  type SampledAnswers,
} from './languageSets.ts'
export { learnRiskOrder } from './learnThenTest.ts'
export { type MarginOptions, type MaskRiskOptions, marginRisks, maskRisks, widenMasks } from './maskRisks.ts'
export { type EmptyRows, type MultilabelRiskOptions, multilabelRisks } from './multilabelRisks.ts'
export { ABSTAINED, OUTCOME_RISKS, type OutcomeRisk, precisionOf, recallOf } from './outcomeRisks.ts'
export {
  absoluteErrorRisk,
  type NumberRisk,
  type ParametricRiskOptions,
  parametricRisks,
  squaredErrorRisk,
} from './parametricRisks.ts'
export { type Lambda, type RiskCurve, type RiskCurves, riskGrid } from './riskCurve.ts'
export { type RiskGap, riskGapPValues } from './riskGap.ts'
export { RISK_BOUNDS, RISK_TESTS, type RiskBound, type RiskTest } from './riskTables.ts'
export { binaryRisksOfTable, type TableRiskOptions } from './tableRisks.ts'
export { binaryRisks, multiclassRisks, type ThresholdRiskOptions } from './thresholdRisks.ts'
