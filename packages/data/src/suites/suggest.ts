import { PodError } from '@mlpod/contract'
import { clopperPearson, normalCdf } from '@mlpod/math'
import type { Expectation } from '../expectations/expectation.ts'
import { sentenceOf } from '../expectations/sentence.ts'
import type { AnyRelation } from '../relation.ts'
import { type ColumnHistory, type PartHistory, partsBy, readPart } from './history.ts'
import { type Suite, suite } from './suite.ts'

/** How expectations are suggested. */
export interface SuggestOptions {
  readonly name?: string
  /** How often an expectation may be wrong about a good table: 0.1 by default, or 1 / (parts + 1) where the history is too short to tell. */
  readonly falseAlarms?: number
  /** How much further than what was seen a range reaches, as a share of its width: 0.1 by default. */
  readonly margin?: number
}

/** An expectation that the history suggests, and how often it would have been wrong. */
export interface Suggestion {
  readonly expectation: Expectation
  readonly sentence: string
  /** Past parts that fail the expectation which the others suggest. */
  readonly falseAlarms: number
  readonly parts: number
  /**
   * (falseAlarms + 1) / (parts + 1): what the rate of false alarms on the next part is expected to be at most, if that is one like the others.
   */
  readonly alarmRate: number
  /** The upper end of the exact 95 % interval of that rate (Clopper, Pearson). */
  readonly alarmRateAtMost: number
  /**
   * Whether what it bounds rises or falls from part to part (Mann-Kendall test, p below 0.01): the parts are then not alike, and the next one will
   * leave the range. Such ranges are not kept.
   */
  readonly trend: boolean
  readonly kept: boolean
}

/** What a history suggests. */
export interface Suggestions {
  readonly suite: Suite
  /** Those that were kept and those that were not, which a person may know better. */
  readonly suggestions: readonly Suggestion[]
}

/** One kind of expectation that can be read off a history, and judged by what is known of a part. */
interface Candidate {
  readonly suggest: (parts: readonly PartHistory[], column: string, margin: number) => Expectation | undefined
  readonly holds: (expectation: never, part: PartHistory) => boolean
  /** The numbers that it bounds, of each part. */
  readonly series?: (column: ColumnHistory) => readonly (number | string | null)[]
}

/** Tells whether numbers rise or fall in their order. Source: Mann (1945), Kendall (1975). */
function hasTrend(values: readonly number[]): boolean {
  const n = values.length
  let s = 0
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) s += Math.sign(values[j] - values[i])
  const z = (Math.abs(s) - 1) / Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  return 2 * (1 - normalCdf(z)) < 0.01
}

const of = (parts: readonly PartHistory[], column: string): ColumnHistory[] =>
  parts.flatMap((part) => part.columns.get(column) ?? [])
const numbersOf = (values: readonly (number | string | null)[]): number[] =>
  values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value))

/** A range wider than what was seen, that does not reach over 0 where nothing ever did, and is whole for whole numbers. */
function around(values: readonly number[], margin: number, { whole = false } = {}): { min: number; max: number } {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const step = (high - low) * margin || Math.abs(high) * margin
  const min = low >= 0 ? Math.max(0, low - step) : low - step
  const max = high <= 0 ? Math.min(0, high + step) : high + step
  return whole ? { min: Math.floor(min), max: Math.ceil(max) } : { min: round(min), max: round(max) }
}
const round = (x: number): number => Number(x.toPrecision(6))

type OfRange = Expectation & { readonly column: string; readonly min: number; readonly max: number }
const inside = (value: number | null | undefined, { min, max }: { min: number; max: number }): boolean =>
  value !== null && value !== undefined && value >= min && value <= max

/** A number of each part that lies between bounds. */
const ranged = (type: 'meanBetween' | 'medianBetween', of_: (column: ColumnHistory) => number | null): Candidate => ({
  suggest(parts, column, margin) {
    const values = numbersOf(of(parts, column).map(of_))
    return values.length < parts.length ? undefined : { type, column, ...around(values, margin) }
  },
  series: (column) => [of_(column)],
  holds: ((e: OfRange, part: PartHistory) =>
    inside(part.columns.get(e.column) && of_(part.columns.get(e.column)!), e)) as never,
})

type OfColumn = Expectation & { readonly column: string }

/** A regular expression of a shape: `AA-999` is ^[A-Z]{2}-[0-9]{3}$. */
export function patternOfShape(shape: string): string {
  const runs = shape.match(/A+|a+|9+|[^Aa9]/gu) ?? []
  const written = runs.map((run) => {
    const set = { A: '[A-Z]', a: '[a-z]', '9': '[0-9]' }[run[0]]
    if (set === undefined) return run.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    return run.length === 1 ? set : `${set}{${run.length}}`
  })
  return `^${written.join('')}$`
}

const candidates: Readonly<Record<string, Candidate>> = {
  type: {
    suggest(parts, column) {
      const types = new Set(of(parts, column).map(({ info }) => info.sqlType))
      return types.size === 1 ? { type: 'columnType', column, dataType: [...types][0] } : undefined
    },
    holds: ((e: { column: string; dataType: string }, part: PartHistory) =>
      part.columns.get(e.column)?.info.sqlType === e.dataType) as never,
  },
  notNull: {
    suggest(parts, column, margin) {
      const shares = parts.map((part) => (part.rows === 0 ? 1 : (part.columns.get(column)?.present ?? 0) / part.rows))
      const least = Math.min(...shares)
      if (least === 1) return { type: 'notNull', column }
      const mostly = Math.floor(100 * Math.max(0, least - margin * (1 - least))) / 100
      return mostly > 0 ? { type: 'notNull', column, mostly } : undefined
    },
    holds: (({ column, mostly = 1 }: OfColumn & { mostly?: number }, part: PartHistory) =>
      part.rows === 0 || (part.columns.get(column)?.present ?? 0) / part.rows >= mostly) as never,
  },
  between: {
    suggest(parts, column, margin) {
      const columns = of(parts, column)
      if (columns.length === 0 || columns[0].info.type === 'date' || columns[0].info.type === 'timestamp')
        return undefined
      const values = numbersOf(columns.flatMap(({ min, max }) => [min, max]))
      return values.length === 0
        ? undefined
        : { type: 'between', column, ...around(values, margin, { whole: columns[0].info.type === 'int' }) }
    },
    series: ({ min, max }) => [min, max],
    holds: ((e: OfRange, part: PartHistory) => {
      const found = part.columns.get(e.column)
      return (
        found === undefined || found.present === 0 || (inside(found.min as number, e) && inside(found.max as number, e))
      )
    }) as never,
  },
  mean: ranged('meanBetween', ({ mean }) => mean),
  median: ranged('medianBetween', ({ median }) => median),
  set: {
    suggest(parts, column) {
      const columns = of(parts, column)
      if (columns.length === 0 || columns.some(({ values, info }) => values === undefined || info.type === 'bool'))
        return undefined
      const values = [...new Set(columns.flatMap(({ values }) => values ?? []))].sort((a, b) => (a! < b! ? -1 : 1))
      return values.length === 0 ? undefined : { type: 'inSet', column, values: values as (string | number)[] }
    },
    holds: ((e: { column: string; values: readonly unknown[] }, part: PartHistory) =>
      part.columns.get(e.column)?.values?.every((value) => e.values.includes(value)) ?? false) as never,
  },
  unique: {
    suggest: (parts, column) =>
      of(parts, column).every(({ present, distinct }) => present === distinct && present > 1)
        ? { type: 'unique', column }
        : undefined,
    holds: ((e: OfColumn, part: PartHistory) => {
      const found = part.columns.get(e.column)
      return found !== undefined && found.present === found.distinct
    }) as never,
  },
  length: {
    suggest(parts, column, margin) {
      const columns = of(parts, column)
      const lengths = numbersOf(columns.flatMap(({ shortest, longest }) => [shortest, longest]))
      // where the values are known, their lengths say nothing more
      if (lengths.length === 0 || columns.every(({ values }) => values !== undefined)) return undefined
      const same = new Set(lengths).size === 1
      return {
        type: 'lengthBetween',
        column,
        ...(same ? { min: lengths[0], max: lengths[0] } : around(lengths, margin, { whole: true })),
      }
    },
    holds: ((e: OfRange, part: PartHistory) => {
      const found = part.columns.get(e.column)
      return found === undefined || found.present === 0 || (inside(found.shortest, e) && inside(found.longest, e))
    }) as never,
  },
  shape: {
    suggest(parts, column) {
      const columns = of(parts, column)
      if (columns.length === 0 || columns.some(({ shapes, values }) => shapes === undefined || values !== undefined))
        return undefined
      const shapes = [...new Set(columns.flatMap(({ shapes }) => shapes ?? []))].sort()
      if (shapes.length === 0 || shapes.length > 5 || shapes.some((shape) => shape.length > 64)) return undefined
      return { type: 'matchRegexList', column, patterns: shapes.map(patternOfShape) }
    },
    holds: ((e: { column: string; patterns: readonly string[] }, part: PartHistory) =>
      part.columns.get(e.column)?.shapes?.every((shape) => e.patterns.includes(patternOfShape(shape))) ??
      false) as never,
  },
}

const rowCount: Candidate = {
  suggest: (parts, _, margin) => ({
    type: 'rowCountBetween',
    ...around(
      parts.map(({ rows }) => rows),
      margin,
      { whole: true },
    ),
  }),
  holds: ((e: { min: number; max: number }, part: PartHistory) => inside(part.rows, e)) as never,
}

/**
 * Suggests a suite from past tables, or from one table whose column `by` says which part of the past a row belongs to. Of everything that the
 * history suggests only that is kept which seldom fails a good table: each past part is held out in turn, the others suggest the
 * expectation, and those that the held-out parts fail too often (`alarmRate` above `falseAlarms`) are dropped; so are ranges of what
 * rises or falls in time, for which the order of the parts counts.
 * Throws `HISTORY_SHORT` for fewer than three parts. Sources: Schelter et al. (2018); Song, He (2021); the bound is that of exchangeable ranks.
 */
export async function suggest(
  history: readonly AnyRelation[] | { readonly data: AnyRelation; readonly by: string },
  { name = 'suggested', falseAlarms, margin = 0.1 }: SuggestOptions = {},
): Promise<Suggestions> {
  const tables = 'data' in history ? await partsBy(history.data, history.by) : history
  if (tables.length < 3)
    throw new PodError('HISTORY_SHORT', `a history of ${tables.length} parts tells nothing of the next one`, {
      hint: 'give at least three past tables; ten and more tell how often a check would be wrong',
    })
  if (falseAlarms !== undefined && !(falseAlarms > 0 && falseAlarms < 1))
    throw new PodError('OPTION_INVALID', `a rate of false alarms of ${falseAlarms} is not between 0 and 1`)
  const parts: PartHistory[] = []
  for (const table of tables) parts.push(await readPart(table))
  const limit = falseAlarms ?? Math.max(0.1, 1 / (parts.length + 1))
  const names = [...new Set(parts.flatMap(({ columns }) => [...columns.keys()]))]
  const suggestions: Suggestion[] = []
  const weigh = (candidate: Candidate, column: string): void => {
    const expectation = candidate.suggest(parts, column, margin)
    if (expectation === undefined) return
    const alarms = parts.filter((part, i) => {
      const others = candidate.suggest(parts.toSpliced(i, 1), column, margin)
      return others !== undefined && !candidate.holds(others as never, part)
    }).length
    const series = candidate.series && of(parts, column).map(candidate.series)
    const trend = series?.[0]?.some((_, k) => hasTrend(numbersOf(series.map((values) => values[k])))) ?? false
    const alarmRate = (alarms + 1) / (parts.length + 1)
    suggestions.push({
      expectation,
      sentence: sentenceOf(expectation),
      falseAlarms: alarms,
      parts: parts.length,
      alarmRate,
      alarmRateAtMost: clopperPearson({ successes: alarms, n: parts.length }, { sides: 'upper' }).upper,
      trend,
      kept: alarmRate <= limit && !trend,
    })
  }
  weigh(rowCount, '')
  for (const column of names) for (const candidate of Object.values(candidates)) weigh(candidate, column)
  return {
    suite: suite(
      name,
      suggestions.flatMap(({ expectation, kept, alarmRate, parts: n }) =>
        kept
          ? [{ expectation, notes: `suggested by ${n} past tables; false alarms: ${alarmRate.toPrecision(2)} or less` }]
          : [],
      ) as never,
    ),
    suggestions,
  }
}
