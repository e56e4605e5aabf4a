import type { ExprNode } from '@uwdata/mosaic-sql'
import type { Sql } from '../engine.ts'
import type { Cell, Expression } from '../relation.ts'
import type { ColumnType } from '../schema.ts'

/** How bad a failure is: only `critical` ones break a promise. */
export type Severity = 'info' | 'warning' | 'critical'

/** What every expectation may say. */
export interface Common {
  /** Only rows for which this is true are looked at. */
  readonly where?: Expression
  readonly severity?: Severity
  /** Why it is expected, for people. */
  readonly description?: string
}

/** Expectations of each row: at least `mostly` (1 by default) of the values that are not missing fulfil it. */
export interface OfRows extends Common {
  readonly mostly?: number
}

/** Where numbers (or dates as texts) must lie. */
export interface Bounds {
  readonly min?: number | string
  readonly max?: number | string
  /** Whether the bound itself is excluded. */
  readonly strictMin?: boolean
  readonly strictMax?: boolean
}
type Values = readonly (string | number | boolean)[]
type OfColumn<T extends string, C extends string, More = unknown> = OfRows & {
  readonly type: T
  readonly column: C
} & More
type OfNumber<T extends string, C extends string, More = unknown> = Common &
  Bounds & { readonly type: T; readonly column: C } & More

/**
 * One statement about a table, as plain data. `C` are the names of the columns.
 * Source of names and semantics: Great Expectations 1.24 (`expect_column_values_to_be_between` is `between`).
 */
export type Expectation<C extends string = string> =
  | OfColumn<'between', C, Bounds>
  | OfColumn<'inSet' | 'notInSet', C, { readonly values: Values }>
  | OfColumn<'null' | 'notNull' | 'unique', C>
  | OfColumn<'lengthBetween', C, { readonly min?: number; readonly max?: number }>
  | OfColumn<'matchRegex' | 'notMatchRegex', C, { readonly pattern: string }>
  | OfColumn<'matchLike' | 'notMatchLike', C, { readonly pattern: string }>
  | (OfRows & { readonly type: 'compoundUnique'; readonly columns: readonly C[] })
  | (OfRows & { readonly type: 'columnPairGreater'; readonly columns: readonly [C, C]; readonly orEqual?: boolean })
  | (OfRows & { readonly type: 'columnPairEqual'; readonly columns: readonly [C, C] })
  | (OfRows & {
      readonly type: 'multicolumnSumEqual'
      readonly columns: readonly C[]
      readonly total: number
      readonly tolerance?: number
    })
  | OfNumber<
      | 'minBetween'
      | 'maxBetween'
      | 'meanBetween'
      | 'medianBetween'
      | 'stdevBetween'
      | 'sumBetween'
      | 'uniqueCountBetween'
      | 'proportionUniqueBetween'
      | 'proportionNonNullBetween',
      C
    >
  | OfNumber<'quantileBetween', C, { readonly quantile: number }>
  | (Common & {
      readonly type: 'distinctInSet' | 'distinctContainSet' | 'distinctEqualSet'
      readonly column: C
      readonly values: Values
    })
  | (Common & Bounds & { readonly type: 'rowCountBetween' })

/** The name of an expectation. */
export type ExpectationType = Expectation['type']
/** The expectation of a type. */
export type Of<T extends ExpectationType> =
  Extract<Expectation, { readonly type: T }> extends never
    ? Expectation & { readonly type: T }
    : Extract<Expectation, { readonly type: T }>

/** What one expectation showed. */
export interface ExpectationResult {
  readonly type: ExpectationType
  /** In words: `price is between 0 and 1000`. */
  readonly sentence: string
  readonly columns: readonly string[]
  /** `error`: it could not be tried (no such column, a type that it does not fit). */
  readonly status: 'pass' | 'fail' | 'error'
  readonly severity: Severity
  /** Rows looked at, those with missing values, and those that are not as expected; 0 for statements about the whole. */
  readonly elements: number
  readonly missing: number
  readonly unexpected: number
  /** unexpected / (elements - missing); null when that is 0 / 0. */
  readonly unexpectedShare: number | null
  /** The measured number of a statement about the whole; null when there is none. */
  readonly observed: number | null
  /** Passed because there was nothing to look at. */
  readonly vacuous: boolean
  /** The first values (or rows of values) that are not as expected. */
  readonly sample: readonly Cell[] | readonly Readonly<Record<string, Cell>>[]
  readonly message?: string
}

/** What a column must be for an expectation to make sense. */
export type Fit = 'any' | 'number' | 'text' | 'ordered'

/** The value of a column in an expression, and whether it is missing. */
export interface ValueOfColumn {
  readonly value: ExprNode
  readonly missing: ExprNode
  readonly type: ColumnType
}

/** What an entry compiles with: SQL, and the columns it names in order. */
export interface Context {
  readonly sql: Sql
  readonly columns: readonly ValueOfColumn[]
  /** The number of rows looked at, as an aggregate. */
  readonly rows: ExprNode
}

interface Entry<E> {
  readonly fits: Fit
  readonly columns: (expectation: E) => readonly string[]
  readonly sentence: (expectation: E) => string
  /** Returns what is wrong with the parameters, if anything. */
  readonly refuse?: (expectation: E) => string | undefined
}

/** An expectation of each row. */
export interface MapEntry<E> extends Entry<E> {
  readonly kind: 'map'
  /** Rows that are not looked at; missing values by default. */
  readonly ignored?: (context: Context) => ExprNode
  /** True for rows that are not as expected. */
  readonly unexpected: (context: Context, expectation: E) => ExprNode
}

/** An expectation that no value, or no row of values, occurs twice. */
export interface UniqueEntry<E> extends Entry<E> {
  readonly kind: 'unique'
}

/** An expectation of one number. */
export interface AggregateEntry<E> extends Entry<E> {
  readonly kind: 'aggregate'
  readonly observe: (context: Context, expectation: E) => ExprNode
  readonly holds: (observed: number, expectation: E) => boolean
}
