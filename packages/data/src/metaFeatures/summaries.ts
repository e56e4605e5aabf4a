import { quantile, quantiles, spread } from '@mlpod/math'
import { countInBins, equalBins } from '../drift/bins.ts'

// not Math.min(...v): a feature may have more values than a call may have arguments
const min = (v: Float64Array): number => spread(v).min
const max = (v: Float64Array): number => spread(v).max
const mean = (v: Float64Array): number => v.reduce((sum, x) => sum + x, 0) / v.length
const central = (v: Float64Array, power: number): number => {
  const center = mean(v)
  return v.reduce((sum, x) => sum + (x - center) ** power, 0) / v.length
}
const variance = (v: Float64Array): number => (v.length <= 1 ? Number.NaN : (central(v, 2) * v.length) / (v.length - 1))

/** Method 3 of Joanes and Gill (1998). */
const skewnessOf = (v: Float64Array): number =>
  v.length === 0 ? Number.NaN : (central(v, 3) / central(v, 2) ** 1.5) * ((v.length - 1) / v.length) ** 1.5
const kurtosisOf = (v: Float64Array): number =>
  v.length === 0 ? Number.NaN : (central(v, 4) / central(v, 2) ** 2) * (1 - 1 / v.length) ** 2 - 3

/** Shares of ten equal bins over the values. */
function histogram(v: Float64Array): number[] {
  if (v.length === 0) return new Array<number>(10).fill(0)
  return Array.from(countInBins(v, equalBins(min(v), max(v), 10)), (count) => count / v.length)
}

const range = (v: Float64Array): number => max(v) - min(v)

/** How a meta-feature of many values becomes numbers. Source of names and conventions: pymfe 0.4. */
export const summaries = {
  mean,
  sd: (v) => Math.sqrt(variance(v)),
  var: variance,
  count: (v) => v.length,
  histogram,
  iq_range: (v) => quantile(v, 0.75) - quantile(v, 0.25),
  kurtosis: kurtosisOf,
  skewness: skewnessOf,
  max,
  median: (v) => quantile(v, 0.5),
  min,
  quantiles: (v) => Array.from(quantiles(v, [0, 0.25, 0.5, 0.75, 1])),
  range,
  sum: (v) => v.reduce((sum, x) => sum + x, 0),
  powersum: (v) => v.reduce((sum, x) => sum + x ** 2, 0),
  pnorm: (v) => Math.sqrt(v.reduce((sum, x) => sum + x ** 2, 0)),
} as const satisfies Readonly<Record<string, (values: Float64Array) => number | readonly number[]>>

/** The name of a summary; with `nan` before it, values that are not numbers are left out first. */
export type SummaryName = keyof typeof summaries | `nan${keyof typeof summaries}`

/** Returns the numbers of a summary, each with its place where there are several. */
export function summarizeValues(
  name: SummaryName,
  values: Float64Array,
): readonly (readonly [suffix: string, value: number])[] {
  const skips = name.startsWith('nan')
  const summary = summaries[(skips ? name.slice(3) : name) as keyof typeof summaries]
  const kept = skips ? values.filter((v) => !Number.isNaN(v)) : values
  // what is not a number leaves nothing else to be told of all
  const none = kept.some((v) => Number.isNaN(v)) && summary !== summaries.count
  const told = summary(none ? new Float64Array(1) : kept)
  const found = none ? (typeof told === 'number' ? Number.NaN : told.map(() => Number.NaN)) : told
  return typeof found === 'number'
    ? [['', found]]
    : (found as readonly number[]).map((value, i) => [`.${i}`, value] as const)
}
