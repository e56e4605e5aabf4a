export { equalizedOddsDifference } from './claims.ts'
export { countGroups, type GroupCounts, type GroupRate, groupRates, largestDifference, rateOf } from './rates.ts'
