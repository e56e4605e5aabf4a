export {
  type CoverageMonitor,
  type CoverageMonitorOptions,
  type CoverageStatus,
  coverageStatus,
  startCoverageMonitor,
  updateCoverageMonitor,
  type WatchedGroup,
} from './coverageMonitor.ts'
export { type CoveredColumns, updateCoverageOfTable } from './coverageOfTable.ts'
export {
  type ExchangeabilityMethod,
  type ExchangeabilityOptions,
  type ExchangeabilityResult,
  type ExchangeabilityState,
  type MartingaleMethod,
  startExchangeability,
  testExchangeability,
  updateExchangeability,
} from './exchangeability.ts'
export {
  type CompositeWealth,
  compositeMartingale,
  type ExpertWealth,
  eValueMixture,
  expertMartingale,
  type JumperOptions,
  powerMixture,
  simpleJumper,
} from './experts.ts'
export { type Martingale, type MartingaleRun, runMartingale, type Wealth } from './martingale.ts'
export { type MonteCarloState, type MonteCarloStrategy, nextPermutation, noPermutations } from './monteCarlo.ts'
export { type PluginWealth, pluginMartingale } from './plugin.ts'
export { type RiskLimit, type RiskMonitor, startRiskMonitor, updateRiskMonitor } from './riskMonitor.ts'
export {
  type DrifterOptions,
  type DrifterWealth,
  type StayerWealth,
  type StepOptions,
  sleeperDrifter,
  sleeperStayer,
} from './sleepers.ts'
export { splitStatistic } from './splitStatistic.ts'
export { type ScoreStream, startScores, streamPValues } from './streamPValues.ts'
