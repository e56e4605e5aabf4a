import { didYouMean, PodError } from '@mlpod/contract'
import type { Extra } from './rows/field.ts'
import { type StandardProperties, standardOf } from './rows/standard.ts'
import { timeOfLimit } from './rows/times.ts'

/** The kinds of values that a column holds; `date` is ISO text YYYY-MM-DD, `timestamp` ISO text in UTC. */
export type ColumnType = 'int' | 'float' | 'bool' | 'string' | 'date' | 'timestamp'

/** What a column is for: not read by this room, kept for those that train, audit and serve. */
export type Role = 'key' | 'feature' | 'target' | 'audit' | 'weight' | 'time'

/** A column's type and what its values must fulfil; limits include equality unless named `above` or `below`. */
export interface Column<T = unknown> {
  readonly type: ColumnType
  readonly nullable: boolean
  readonly min?: number | string
  readonly max?: number | string
  readonly above?: number
  readonly below?: number
  /** Of which numbers are whole multiples, up to a part in 10^9 for `float`. */
  readonly multipleOf?: number
  /** Whether numbers, days and moments must be finite (by default they must; days can be infinite in a database alone). */
  readonly finite?: boolean
  /** The only values allowed. */
  readonly values?: readonly (string | number | boolean)[]
  /** A regular expression that some part of the text matches. */
  readonly pattern?: string
  /** Length of a text in code points. */
  readonly minLength?: number
  readonly maxLength?: number
  /** No value (missing ones aside) occurs twice. */
  readonly unique?: boolean
  readonly description?: string
  readonly role?: Role
  /** The environments in which a table lacks the column: a target is not there yet where a model serves. */
  readonly absentIn?: readonly string[]
  /** Holds the TypeScript type of a value; never set. */
  readonly '~value'?: T
}

/** The columns of a table in order. `Row` is the TypeScript type of one row, known to the compiler alone. */
export interface RowSchema<Row = Record<string, unknown>> extends RowSchemaOptions {
  readonly columns: Readonly<Record<string, Column>>
  readonly '~row'?: Row
}

/** What a schema says of whole rows and of the table. */
export interface RowSchemaOptions {
  /** Sets of columns whose values together do not occur twice. */
  readonly unique?: readonly (readonly string[])[]
  /** Whether the columns of a table come in the order of the schema. */
  readonly ordered?: boolean
  /** What becomes of columns (or members of a row) beyond the schema: by default they are ignored. */
  readonly extra?: Extra
}

/** A schema that other libraries can use, as `rowSchema` makes it. Source: Standard Schema, version 1. */
export interface StandardRowSchema<Row> extends RowSchema<Row> {
  readonly '~standard': StandardProperties<Row>
}

/** The TypeScript type of a column's values. */
type ValueOf<C> = C extends Column<infer T> ? T : never

/** The TypeScript type of a row of these columns. */
export type RowOfColumns<C> = { -readonly [K in keyof C]: ValueOf<C[K]> }

/** What may be said of any column when it is declared. */
interface Described {
  readonly nullable?: boolean
  readonly unique?: boolean
  readonly description?: string
  readonly role?: Role
  readonly absentIn?: readonly string[]
}
interface NumberOptions extends Described {
  readonly multipleOf?: number
  readonly min?: number
  readonly max?: number
  readonly above?: number
  readonly below?: number
  readonly values?: readonly number[]
}
interface TextOptions extends Described {
  readonly values?: readonly string[]
  readonly pattern?: string | RegExp
  readonly minLength?: number
  readonly maxLength?: number
}
interface TimeOptions extends Described {
  readonly min?: string
  readonly max?: string
}

type Nullable<O, T> = O extends { readonly nullable: true } ? T | null : T
type Listed<O, T> = O extends { readonly values: readonly (infer V extends T)[] } ? V : T

const column = <T>(type: ColumnType, { nullable = false, ...rest }: Described): Column<T> => ({
  type,
  nullable,
  ...rest,
})

/** Returns a column of whole numbers (64 bit; read as numbers, so beyond 2^53 they are refused). */
export const int = <const O extends NumberOptions>(options?: O): Column<Nullable<O, Listed<O, number>>> =>
  column('int', options ?? {})

/** Returns a column of double precision numbers, finite ones unless `finite` is false. */
export const float = <const O extends NumberOptions & { readonly finite?: boolean }>(
  options?: O,
): Column<Nullable<O, Listed<O, number>>> => column('float', options ?? {})

/** Returns a column of truth values. */
export const bool = <const O extends Described>(options?: O): Column<Nullable<O, boolean>> =>
  column('bool', options ?? {})

/** Returns a column of texts; `values` makes its type a union. */
export const string = <const O extends TextOptions>(options?: O): Column<Nullable<O, Listed<O, string>>> => {
  const { pattern, ...rest } = options ?? ({} as O)
  const source = pattern instanceof RegExp ? pattern.source : pattern
  return column('string', source === undefined ? rest : ({ ...rest, pattern: source } as Described))
}

/** Returns a column of dates, as text YYYY-MM-DD. */
export const date = <const O extends TimeOptions>(options?: O): Column<Nullable<O, string>> =>
  column('date', options ?? {})

/** Returns a column of moments in UTC, as text YYYY-MM-DDTHH:MM:SS(.ffffff)Z. */
export const timestamp = <const O extends TimeOptions>(options?: O): Column<Nullable<O, string>> =>
  column('timestamp', options ?? {})

/**
 * Returns a schema of these columns. It is a Standard Schema of one row. Throws `SCHEMA_INVALID` for no columns, names that
 * differ only in case (SQL takes them for one), empty `values`, or limits that leave nothing.
 */
export function rowSchema<const C extends Readonly<Record<string, Column>>>(
  columns: C,
  options: RowSchemaOptions = {},
): StandardRowSchema<RowOfColumns<C>> {
  return schemaOf(columns, options)
}

/** Returns a schema of columns whose types the compiler does not know. Throws `SCHEMA_INVALID`. */
export function schemaOf<Row = Record<string, unknown>>(
  columns: Readonly<Record<string, Column>>,
  options: RowSchemaOptions = {},
): StandardRowSchema<Row> {
  checkColumns(columns)
  for (const name of options.unique?.flat() ?? [])
    if (!Object.hasOwn(columns, name))
      throw new PodError(
        'SCHEMA_INVALID',
        `the schema has no column "${name}" that could be unique${didYouMean(name, Object.keys(columns))}`,
      )
  const schema: RowSchema<Row> = { columns, ...options }
  // beside the data of the schema: what is hashed, compared and written is the columns
  return Object.defineProperty(schema, '~standard', {
    enumerable: false,
    get: () => standardOf(schema),
  }) as StandardRowSchema<Row>
}

const ISO: { readonly [T in ColumnType]?: RegExp } = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  timestamp: /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$/,
}
const HINTS: { readonly [T in ColumnType]?: string } = {
  date: 'dates are YYYY-MM-DD',
  timestamp: 'timestamps are YYYY-MM-DDTHH:MM:SSZ',
}

/** Tells whether a text can be compared with the values of a type: days and moments are written in ISO 8601. */
export const isComparable = (type: ColumnType | undefined, text: unknown): boolean =>
  type === undefined || (ISO[type]?.test(String(text)) ?? true)

/** A limit as text that is in the order of time. */
const momentOf = (limit: unknown): string | undefined => timeOfLimit(String(limit))?.moment.slice(0, -1)

/** Throws `SCHEMA_INVALID` when no table could fulfil the columns. */
export function checkColumns(columns: Readonly<Record<string, Column>>): void {
  const refuse = (message: string, hint?: string): never => {
    throw new PodError('SCHEMA_INVALID', message, { hint })
  }
  const seen = new Map<string, string>()
  for (const [name, column] of Object.entries(columns)) {
    const { type, min, max, above, below, multipleOf, values, pattern, minLength = 0, maxLength = Infinity } = column
    const other = seen.get(name.toLowerCase())
    if (name === '') refuse('a column of the schema has an empty name')
    if (name === '__proto__') refuse('no column can be named "__proto__": rows are objects')
    const isTime = type === 'date' || type === 'timestamp'
    for (const [word, limit] of Object.entries({ min, max, above, below }))
      if (limit !== undefined && (isTime ? !isComparable(type, limit) || !momentOf(limit) : !Number.isFinite(limit)))
        refuse(
          `${word} of the column "${name}" is ${limit} and no ${isTime ? type : 'number'}`,
          isTime ? HINTS[type] : undefined,
        )
    if (other !== undefined) refuse(`the columns "${other}" and "${name}" differ only in case`, 'rename one of them')
    seen.set(name.toLowerCase(), name)
    if (multipleOf !== undefined && !(multipleOf > 0 && Number.isFinite(multipleOf)))
      refuse(`the column "${name}" holds multiples of ${multipleOf}, which is no positive number`)
    if (values?.length === 0) refuse(`the column "${name}" allows no value`, 'list its values, or leave `values` out')
    const lowest = Math.max(...[min, above].map((limit) => (typeof limit === 'number' ? limit : -Infinity)))
    const highest = Math.min(...[max, below].map((limit) => (typeof limit === 'number' ? limit : Infinity)))
    const open = lowest === highest && (above === lowest || below === highest)
    if (
      (isTime && min !== undefined && max !== undefined && momentOf(min)! > momentOf(max)!) ||
      lowest > highest ||
      open ||
      minLength > maxLength
    )
      refuse(`the column "${name}" has a lower limit above its upper limit`)
    if (pattern !== undefined) {
      try {
        new RegExp(pattern, 'u')
      } catch (error) {
        throw new PodError('SCHEMA_INVALID', `the pattern of column "${name}" is no regular expression: ${pattern}`, {
          cause: error,
        })
      }
    }
  }
  if (seen.size === 0) refuse('a schema has at least one column')
}
