export {
  type Aggregate,
  binCounts,
  distinctNumbers,
  numbers,
  orderStatistics,
  scalar,
  valueCounts,
} from './aggregate.ts'
export { type Collected, collect } from './collect.ts'
