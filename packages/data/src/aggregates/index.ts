export {
  type Aggregate,
  type BinCounts,
  binCounts,
  orderStatistics,
  runs,
  scalar,
  type ValueCount,
  valueCounts,
} from './aggregate.ts'
export { type Collected, collect } from './collect.ts'
