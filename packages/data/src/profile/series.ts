import { readColumns } from '../columns.ts'
import type { AnyRelation } from '../relation.ts'
import { isoOf } from './dateColumn.ts'
import { autocorrelations, dickeyFuller, kpss, type SeriesTest } from './unitRoot.ts'

/** A column of numbers in the order of time. */
export interface SeriesStatistics {
  readonly column: string
  /** Values looked at: those that are not missing. */
  readonly count: number
  /** At lags 0, 1, 2, ... */
  readonly autocorrelation: readonly number[]
  /** Augmented Dickey-Fuller: a small p-value speaks for stationarity; null of constant and of short series. */
  readonly dickeyFuller: SeriesTest | null
  /** Kwiatkowski et al.: a small p-value speaks against it. */
  readonly kpss: SeriesTest | null
  /** Lags at which the series repeats itself, the strongest first. */
  readonly periods: readonly number[]
  readonly seasonal: boolean
  /** No unit root (at the threshold) and not seasonal; null where the test says nothing. */
  readonly stationary: boolean | null
}

/** The times of the rows, and what columns do in their order. */
export interface TimeProfile {
  readonly column: string
  /** Rows with a time that were read: the latest ones where there are more than asked for. */
  readonly rows: number
  readonly allRows: boolean
  readonly first: string | null
  readonly last: string | null
  /** Median and mean of the steps from one time to the next one, in seconds (of whole numbers: in their own unit). */
  readonly medianStep: number | null
  readonly meanStep: number | null
  /** Rows that share their time with the one before. */
  readonly repeated: number
  /** Steps of more than twice the mean, the longest first (at most 20). Source: ydata-profiling. */
  readonly gaps: number
  readonly longestGaps: readonly { readonly after: string; readonly before: string; readonly length: number }[]
  readonly series: readonly SeriesStatistics[]
}

/** Gaps that are told. */
const TOLD = 20

/** Reads columns in the order of time, in one statement, and describes them. */
export async function timeProfile(
  data: AnyRelation,
  time: { readonly name: string; readonly sql: string; readonly kind: 'date' | 'timestamp' | 'number' },
  columns: readonly { readonly name: string; readonly sql: string }[],
  { maxRows, lags, level }: { readonly maxRows: number; readonly lags: number; readonly level: number },
): Promise<TimeProfile> {
  const names = columns.map((_, i) => `c${i}`)
  const list = [`${time.sql} AS t`, ...columns.map(({ sql }, i) => `${sql} AS c${i}`)].join(', ')
  const read = await readColumns(
    data.engine,
    `SELECT * FROM (SELECT ${list} FROM (${data.toSQL()})) WHERE t IS NOT NULL ORDER BY t DESC LIMIT ${maxRows + 1}`,
    ['t', ...names],
  )
  const more = read.t.data.length > maxRows
  const inOrder = (name: string): Float64Array => (read[name].data as Float64Array).slice(0, maxRows).reverse()
  const times = inOrder('t')
  const text = (value: number): string => (time.kind === 'number' ? String(value) : isoOf(value, time.kind))
  const unit = time.kind === 'number' ? 1 : 1000
  const steps: { at: number; length: number }[] = []
  for (let i = 1; i < times.length; i++)
    if (times[i] > times[i - 1]) steps.push({ at: i, length: (times[i] - times[i - 1]) / unit })
  const mean = steps.length === 0 ? null : steps.reduce((sum, { length }) => sum + length, 0) / steps.length
  const bySize = [...steps].sort((a, b) => b.length - a.length || a.at - b.at)
  const gaps = mean === null ? [] : bySize.filter(({ length }) => length > 2 * mean)
  const middle = bySize.length / 2
  return {
    column: time.name,
    rows: times.length,
    allRows: !more,
    first: times.length === 0 ? null : text(times[0]),
    last: times.length === 0 ? null : text(times[times.length - 1]),
    medianStep: mean === null ? null : (bySize[Math.floor(middle)].length + bySize[Math.ceil(middle) - 1].length) / 2,
    meanStep: mean,
    repeated: Math.max(0, times.length - 1 - steps.length),
    gaps: gaps.length,
    longestGaps: gaps
      .slice(0, TOLD)
      .map(({ at, length }) => ({ after: text(times[at - 1]), before: text(times[at]), length })),
    series: columns.map(({ name }, i) => describeSeries(name, inOrder(names[i]), lags, level)),
  }
}

function describeSeries(column: string, all: Float64Array, lags: number, level: number): SeriesStatistics {
  const values = all.filter((value) => Number.isFinite(value))
  const constant = values.every((value) => value === values[0])
  const autocorrelation = values.length < 3 || constant ? [] : autocorrelations(values, lags)
  const periods = periodsOf(autocorrelation, values.length)
  const unitRoot = constant ? null : dickeyFuller(values)
  const seasonal = periods.length > 0
  return {
    column,
    count: values.length,
    autocorrelation,
    dickeyFuller: unitRoot,
    kpss: constant ? null : kpss(values),
    periods,
    seasonal,
    stationary: unitRoot === null ? null : unitRoot.pValue < level && !seasonal,
  }
}

/** How far a repetition must rise above what lies between it and the start. */
const RISE = 0.3

/**
 * Lags of repetition: local peaks of the autocorrelation that are more than chance (twice 1 / sqrt(n)), rise above the dip before them, and
 * are no multiple of a stronger one's lag.
 */
function periodsOf(autocorrelation: readonly number[], n: number): number[] {
  const peaks: { lag: number; height: number }[] = []
  let dip = 1
  for (let lag = 1; lag + 1 < autocorrelation.length; lag++) {
    const height = autocorrelation[lag]
    dip = Math.min(dip, height)
    const peak = height > autocorrelation[lag - 1] && height >= autocorrelation[lag + 1]
    if (lag > 1 && peak && height > 2 / Math.sqrt(n) && height - dip > RISE) peaks.push({ lag, height })
  }
  const found: number[] = []
  for (const { lag } of peaks.sort((a, b) => b.height - a.height || a.lag - b.lag))
    if (!found.some((known) => Math.abs(lag / known - Math.round(lag / known)) * known <= 1)) found.push(lag)
  return found
}
