export {
  type Aggregate,
  type BinCounts,
  binCounts,
  distinctNumbers,
  numbers,
  orderStatistics,
  scalar,
  type ValueCount,
  valueCounts,
} from './aggregate.ts'
export { type Collected, collect } from './collect.ts'
