import { PodError } from '@mlpod/contract'
import { type Runs, runsOf, type Spread, spread } from '@mlpod/math'
import { type Aggregate, collect, numbers, scalar, valueCounts } from '../aggregates/index.ts'
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
  readonly values: Float64Array
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

/** Returns the sample of numbers. */
export const numberSample = (
  values: Float64Array,
  { rows = values.length, integer = false }: { readonly rows?: number; readonly integer?: boolean } = {},
): NumberSample => ({
  kind: 'number',
  values,
  rows,
  n: values.length,
  missing: rows - values.length,
  integer,
  runs: once(() => runsOf(values)),
  spread: once(() => spread(values)),
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

/** Reads one column of a table. */
export async function readSample(data: AnyRelation, info: ColumnInfo, kind: Kind): Promise<Sample> {
  const { sql } = data.engine
  const column = sql.column(info.name)
  const rows: Aggregate<number> = scalar(sql.count())
  if (kind === 'number') {
    const finite = info.type === 'float' ? sql.cond(new sql.FunctionNode('isfinite', [column]), column) : column
    const wish = numbers(finite)
    const found = await collect(data, [rows, wish])
    return numberSample(found(wish), { rows: found(rows), integer: info.type === 'int' })
  }
  const wish = valueCounts([info.type === 'float' ? sql.cond(sql.not(sql.isNaN(column)), column) : column])
  const found = await collect(data, [rows, wish])
  const counts = found(wish).map(({ values: [value], count }) => [String(value), count] as const)
  if (kind === 'category') return categorySample(new Map(counts), { rows: found(rows) })
  const n = counts.reduce((sum, [, count]) => sum + count, 0)
  const texts = counts.map(([text, count]) => ({ text, count }))
  return { kind, texts, rows: found(rows), n, missing: found(rows) - n }
}

/** Returns whether there are more than `limit` distinct numbers, without sorting them. */
export function hasMoreThan(limit: number, ...samples: readonly NumberSample[]): boolean {
  const seen = new Set<number>()
  for (const { values } of samples)
    for (let i = 0; i < values.length; i++) {
      seen.add(values[i])
      if (seen.size > limit) return true
    }
  return false
}
