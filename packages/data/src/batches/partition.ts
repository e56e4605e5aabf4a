import { didYouMean, PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import type { Sql } from '../engine.ts'

/** How a table is cut into batches. Source of the names in Great Expectations: its partitioners of columns, 1.24. */
export type BatchBy =
  | { readonly by: 'whole' }
  | { readonly by: 'value' | 'year' | 'month' | 'day'; readonly column: string }
  | { readonly by: 'values'; readonly columns: readonly string[] }
  | { readonly by: 'quotient'; readonly column: string; readonly divisor: number }
  | { readonly by: 'remainder'; readonly column: string; readonly divisor: number }
  | { readonly by: 'dateParts'; readonly column: string; readonly parts: readonly DatePart[] }
  | { readonly by: 'dateFormat'; readonly column: string; readonly format: string }

/** A part of a date or a moment. */
export type DatePart = (typeof DATE_PARTS)[number]
const DATE_PARTS = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const

/** One way of cutting: its name there, and what it reads of a row, each by the name that it has in the id of a batch. */
interface Partitioner<B> {
  readonly great: string
  /** Names of its members there. */
  readonly fields: Readonly<Record<string, string>>
  readonly keys: (sql: Sql, by: B) => Readonly<Record<string, ExprNode>>
  readonly refuse?: (by: B) => string | undefined
}

const columnField = { column: 'column_name' }
const part = (sql: Sql, name: string, column: string): ExprNode => new sql.FunctionNode(name, [sql.column(column)])
const parts =
  (...names: readonly DatePart[]) =>
  (sql: Sql, { column }: { readonly column: string }) =>
    Object.fromEntries(names.map((name) => [name, part(sql, name, column)]))
const divides = ({ divisor }: { readonly divisor: number }): string | undefined =>
  Number.isSafeInteger(divisor) && divisor !== 0 ? undefined : `the divisor is ${divisor}`

type Table = { readonly [K in Exclude<BatchBy['by'], 'whole'>]: Partitioner<Extract<BatchBy, { by: K }>> }

/** Every way of cutting a table. */
export const partitioners = {
  value: {
    great: 'partition_on_column_value',
    fields: columnField,
    keys: (sql, { column }) => ({ [column]: sql.column(column) }),
  },
  values: {
    great: 'partition_on_multi_column_values',
    fields: { columns: 'column_names' },
    keys: (sql, { columns }) => Object.fromEntries(columns.map((name) => [name, sql.column(name)])),
    refuse: ({ columns }) => (columns.length > 0 ? undefined : 'it names no column'),
  },
  year: { great: 'partition_on_year', fields: columnField, keys: parts('year') },
  month: { great: 'partition_on_year_and_month', fields: columnField, keys: parts('year', 'month') },
  day: { great: 'partition_on_year_and_month_and_day', fields: columnField, keys: parts('year', 'month', 'day') },
  quotient: {
    great: 'partition_on_divided_integer',
    fields: { ...columnField, divisor: 'divisor' },
    keys: (sql, { column, divisor }) => ({
      // towards zero
      quotient: sql.cast(new sql.FunctionNode('trunc', [sql.div(sql.column(column), sql.literal(divisor))]), 'BIGINT'),
    }),
    refuse: divides,
  },
  remainder: {
    great: 'partition_on_mod_integer',
    fields: { ...columnField, divisor: 'mod' },
    keys: (sql, { column, divisor }) => ({ remainder: sql.mod(sql.column(column), sql.literal(divisor)) }),
    refuse: divides,
  },
  dateParts: {
    great: 'partition_on_date_parts',
    fields: { ...columnField, parts: 'datetime_parts' },
    keys: (sql, { parts: names, ...by }) => parts(...names)(sql, by),
    refuse: ({ parts: names }) => {
      const unknown = names.find((name) => !DATE_PARTS.includes(name))
      return unknown === undefined
        ? names.length > 0
          ? undefined
          : 'it names no part'
        : `there is no part of a date "${unknown}"${didYouMean(unknown, DATE_PARTS)}`
    },
  },
  dateFormat: {
    great: 'partition_on_converted_datetime',
    fields: { ...columnField, format: 'date_format_string' },
    keys: (sql, { column, format }) => ({
      datetime: new sql.FunctionNode('strftime', [sql.column(column), sql.literal(format)]),
    }),
  },
} as const satisfies Table

/** Returns what is read of a row to tell its batch. Throws `OPTION_INVALID`. */
export function partitionKeys(sql: Sql, by: BatchBy): Readonly<Record<string, ExprNode>> {
  if (by.by === 'whole') return {}
  const known = partitioners as unknown as Readonly<Record<string, Partitioner<BatchBy>>>
  if (!Object.hasOwn(known, by.by))
    throw new PodError(
      'OPTION_INVALID',
      `batches are not made by "${by.by}"${didYouMean(by.by, ['whole', ...Object.keys(known)])}`,
    )
  const { refuse, keys } = known[by.by]
  const wrong = refuse?.(by)
  if (wrong !== undefined) throw new PodError('OPTION_INVALID', `no batches can be made by ${by.by}: ${wrong}`)
  return keys(sql, by)
}
