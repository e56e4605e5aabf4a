import { PodError } from '@mlpod/contract'
import { type Runs, runsOf, type Spread, spread, spreadOfRuns } from '@mlpod/math'
import { collect, distinctNumbers, numbers, valueCounts } from '../aggregates/index.ts'
import type { AnyRelation, ColumnInfo } from '../relation.ts'

/** What drift looks at a column as: numbers, categories, or texts. */
export type Kind = 'number' | 'category' | 'text'

interface Base {
  /** Rows, and those of them without a value; infinite numbers count as missing. */
  readonly rows: number
  readonly missing: number
  /** Rows with a value. */
  readonly n: number
}

/** The values of a column of numbers on one side. What is sorted or summed is computed once, when it is first needed. */
export interface NumberSample extends Base {
  readonly kind: 'number'
  /** All values, in any order. */
  readonly values: () => Float64Array
  /** Values and how often each is meant, where counts are absent once: what can be read sooner than all values. */
  readonly tallied: { readonly values: Float64Array; readonly counts?: Float64Array }
  /** Whether the column holds whole numbers alone by its type. */
  readonly integer: boolean
  readonly runs: () => Runs
  readonly spread: () => Spread
}

/** How often each category occurs on one side. */
export interface CategorySample extends Base {
  readonly kind: 'category'
  readonly counts: ReadonlyMap<string, number>
}

/** The texts of one side, the most frequent first. */
export interface TextSample extends Base {
  readonly kind: 'text'
  readonly texts: readonly { readonly text: string; readonly count: number }[]
}

/** One column on one side. */
export type Sample = NumberSample | CategorySample | TextSample

/** Returns what drift looks at a column as by its type. Throws `COLUMN_TYPE` for types that have neither order nor categories. */
export function kindOf({ name, type, sqlType }: ColumnInfo): Kind {
  if (type === 'int' || type === 'float') return 'number'
  if (type === 'string' || type === 'bool') return 'category'
  throw new PodError('COLUMN_TYPE', `no drift can be told of the column "${name}" of type ${sqlType}`, {
    hint: 'derive a number or a category from it, or leave it out of `columns`',
  })
}

const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

interface NumberOptions {
  readonly rows?: number
  readonly integer?: boolean
}

/** Returns the sample of numbers. */
export const numberSample = (
  values: Float64Array,
  { rows = values.length, integer = false }: NumberOptions = {},
): NumberSample => ({
  kind: 'number',
  values: () => values,
  tallied: { values },
  rows,
  n: values.length,
  missing: rows - values.length,
  integer,
  runs: once(() => runsOf(values)),
  spread: once(() => spread(values)),
})

/** Returns the sample of numbers of which there are few distinct ones. */
export const sampleOfRuns = (runs: Runs, { rows = runs.n, integer = false }: NumberOptions = {}): NumberSample => ({
  kind: 'number',
  values: once(() => {
    const found = new Float64Array(runs.n)
    let at = 0
    runs.values.forEach((value, i) => {
      found.fill(value, at, at + runs.counts[i])
      at += runs.counts[i]
    })
    return found
  }),
  tallied: runs,
  rows,
  n: runs.n,
  missing: rows - runs.n,
  integer,
  runs: () => runs,
  spread: once(() => spreadOfRuns(runs)),
})

/** Returns the sample of counts by category. */
export function categorySample(
  counts: ReadonlyMap<string, number>,
  { rows }: { readonly rows?: number } = {},
): CategorySample {
  let n = 0
  for (const count of counts.values()) n += count
  return { kind: 'category', counts, rows: rows ?? n, n, missing: (rows ?? n) - n }
}

/** Returns numbers as categories, for tests of counts. */
export const asCategories = (sample: NumberSample): CategorySample => {
  const { values, counts } = sample.runs()
  return categorySample(new Map(Array.from(values, (value, i) => [String(value), counts[i]])), { rows: sample.rows })
}

/** A table whose columns are compared: what is known of it before they are read. */
export interface Side {
  readonly data: AnyRelation
  readonly rows: number
  /** Columns of numbers of which the first rows hold few distinct ones. */
  readonly few: ReadonlySet<string>
}

/** Rows that are looked at first, and the distinct numbers among them up to which a column is read by counting. */
const FIRST = 20_000
const DISTINCT = 2000
const WIDE = 100

/** Looks at a table: how many rows it has, and which of the columns hold few distinct numbers. */
export async function sideOf(data: AnyRelation, columns: readonly string[]): Promise<Side> {
  const { engine } = data
  const { sql } = engine
  const [{ n }] = await engine.read(String(sql.Query.from({ input: data.query }).select({ n: sql.count() })))
  const rows = Number(n)
  // of a wide table looking first costs as much as it saves
  if (columns.length === 0 || columns.length > WIDE || rows <= FIRST) return { data, rows, few: new Set() }
  const first = sql.Query.from({ input: data.query })
    .select(...columns.map((name) => sql.column(name)))
    .limit(FIRST)
  const counts = Object.fromEntries(
    columns.map((name, i) => [`c${i}`, new sql.AggregateNode('approx_count_distinct', [sql.column(name)])]),
  )
  const [found] = await engine.read(String(sql.Query.from({ first }).select(counts)))
  return { data, rows, few: new Set(columns.filter((_, i) => Number(found[`c${i}`]) <= DISTINCT)) }
}

/** Reads one column of a table. */
export async function readSample({ data, rows, few }: Side, info: ColumnInfo, kind: Kind): Promise<Sample> {
  const { sql } = data.engine
  const column = sql.column(info.name)
  if (kind === 'number') {
    const finite = info.type === 'float' ? sql.cond(new sql.FunctionNode('isfinite', [column]), column) : column
    const options = { rows, integer: info.type === 'int' }
    if (few.has(info.name)) {
      const wish = distinctNumbers(finite)
      return sampleOfRuns((await collect(data, [wish]))(wish), options)
    }
    const wish = numbers(finite)
    return numberSample((await collect(data, [wish]))(wish), options)
  }
  const wish = valueCounts([info.type === 'float' ? sql.cond(sql.not(sql.isNaN(column)), column) : column])
  const counts = (await collect(data, [wish]))(wish).map(
    ({ values: [value], count }) => [String(value), count] as const,
  )
  if (kind === 'category') return categorySample(new Map(counts), { rows })
  const n = counts.reduce((sum, [, count]) => sum + count, 0)
  return { kind, texts: counts.map(([text, count]) => ({ text, count })), rows, n, missing: rows - n }
}

/** Returns whether there are more than `limit` distinct numbers, without sorting them. */
export function hasMoreThan(limit: number, ...samples: readonly NumberSample[]): boolean {
  const seen = new Set<number>()
  for (const {
    tallied: { values },
  } of samples)
    for (let i = 0; i < values.length; i++) {
      seen.add(values[i])
      if (seen.size > limit) return true
    }
  return false
}
