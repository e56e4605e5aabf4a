import type { Json } from '@mlpod/contract'
import type { Cell, Expression } from '../relation.ts'
import type { RowCondition } from './condition.ts'

/** How bad a failure is: only `critical` ones break a promise. */
export type Severity = 'info' | 'warning' | 'critical'

/** What every expectation may say. */
export interface Common {
  /**
   * Only rows for which this is true are looked at: a tree, plain data, or a text (`col("x") > 5 and y == "a"`), which is
   * parsed, never passed on. A comparison with a missing value is not true.
   */
  readonly where?: Expression | RowCondition | string
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

/** A value in a set. */
export type SetValue = string | number | boolean
type Values = readonly SetValue[]

/** Rows of several columns that are not looked at: those in which all values are missing (default), any, or none. */
export type IgnoreRows = 'allMissing' | 'anyMissing' | 'never'

/** An expected distribution: weights of values, or of bins between edges. Weights add up to 1. */
export type Partition =
  | { readonly values: Values; readonly weights: readonly number[] }
  | {
      /** Ascending; the first may be -Infinity and the last Infinity. */
      readonly bins: readonly number[]
      readonly weights: readonly number[]
      /** Weights below the first edge and above the last. */
      readonly tailWeights?: readonly [number, number]
    }

/** How a quantile lies between two values; `nearest` by default. */
export type Interpolation = 'nearest' | 'linear' | 'lower' | 'higher' | 'midpoint'

type OfColumn<T extends string, C extends string, More = unknown> = OfRows & {
  readonly type: T
  readonly column: C
} & More
type OfWhole<T extends string, C extends string, More = unknown> = Common & {
  readonly type: T
  readonly column: C
} & More
type OfColumns<T extends string, C extends string, More = unknown> = OfRows & {
  readonly type: T
  readonly columns: readonly C[]
  readonly ignoreRowIf?: IgnoreRows
} & More
type OfPair<T extends string, C extends string, More = unknown> = OfRows & {
  readonly type: T
  readonly columns: readonly [C, C]
  readonly ignoreRowIf?: IgnoreRows
} & More

/**
 * One statement about a table, as plain data. `C` are the names of the columns.
 * Source of names and semantics: Great Expectations 1.24 (`expect_column_values_to_be_between` is `between`; the whole table
 * of names is `greatNames`).
 */
export type Expectation<C extends string = string> =
  | OfColumn<'between', C, Bounds>
  | OfColumn<'inSet' | 'notInSet', C, { readonly values: Values | null }>
  | OfColumn<'null' | 'notNull' | 'unique', C>
  | OfColumn<'increasing' | 'decreasing', C, { readonly strictly?: boolean }>
  | OfColumn<'ofType', C, { readonly dataType: string }>
  | OfColumn<'inTypeList', C, { readonly dataTypes: readonly string[] | null }>
  | OfColumn<
      'lengthBetween',
      C,
      {
        readonly min?: number
        readonly max?: number
        readonly strictMin?: boolean
        readonly strictMax?: boolean
      }
    >
  | OfColumn<'lengthEqual', C, { readonly length: number }>
  | OfColumn<'matchRegex' | 'notMatchRegex', C, { readonly pattern: string }>
  | OfColumn<'matchRegexList', C, { readonly patterns: readonly string[]; readonly matchOn?: 'any' | 'all' }>
  | OfColumn<'notMatchRegexList', C, { readonly patterns: readonly string[] }>
  | OfColumn<'matchLike' | 'notMatchLike', C, { readonly pattern: string; readonly escape?: string }>
  | OfColumn<
      'matchLikeList',
      C,
      { readonly patterns: readonly string[]; readonly matchOn?: 'any' | 'all'; readonly escape?: string }
    >
  | OfColumn<'notMatchLikeList', C, { readonly patterns: readonly string[]; readonly escape?: string }>
  | OfColumn<'matchStrftime', C, { readonly format: string }>
  | OfColumn<'dateutilParseable' | 'jsonParseable', C>
  | OfColumn<'matchJsonSchema', C, { readonly schema: Json }>
  | OfColumn<'zScoreLess', C, { readonly threshold: number; readonly doubleSided: boolean }>
  | OfColumn<'notOutliers', C, { readonly method?: 'iqr' | 'std'; readonly multiplier?: number }>
  | OfColumns<'compoundUnique' | 'uniqueWithinRecord' | 'multicolumnUnique' | 'multicolumnEqual', C>
  | OfColumns<'multicolumnSumEqual', C, { readonly total: number; readonly tolerance?: number }>
  | OfPair<'columnPairGreater', C, { readonly orEqual?: boolean }>
  | OfPair<'columnPairEqual', C>
  | OfPair<
      'columnPairInSet',
      C,
      {
        readonly pairs: readonly (readonly [SetValue | null, SetValue | null])[]
      }
    >
  | OfWhole<
      | 'minBetween'
      | 'maxBetween'
      | 'meanBetween'
      | 'medianBetween'
      | 'stdevBetween'
      | 'sumBetween'
      | 'uniqueCountBetween'
      | 'proportionUniqueBetween'
      | 'proportionNonNullBetween',
      C,
      Bounds
    >
  | OfWhole<'quantileBetween', C, Bounds & { readonly quantile: number }>
  | OfWhole<
      'quantilesBetween',
      C,
      {
        readonly quantiles: readonly number[]
        /** A range a quantile; null is no bound. */
        readonly ranges: readonly (readonly [number | null, number | null])[]
        readonly interpolation?: Interpolation
      }
    >
  | OfWhole<'mostCommonInSet', C, { readonly values: Values; readonly tiesOkay?: boolean }>
  | OfWhole<'distinctInSet' | 'distinctContainSet' | 'distinctEqualSet', C, { readonly values: Values }>
  | OfWhole<
      'klDivergenceLess',
      C,
      {
        /** By default learned from the table itself, which then only describes it. */
        readonly partition?: Partition
        /** In nats; without it the divergence is only measured. */
        readonly threshold?: number
        readonly tailHoldout?: number
        readonly internalHoldout?: number
        readonly bucketize?: boolean
        readonly min?: number
        readonly max?: number
      }
    >
  | OfWhole<'chiSquareAbove', C, { readonly partition: Partition; readonly p?: number; readonly tailHoldout?: number }>
  | OfWhole<
      'bootstrappedKsAbove',
      C,
      {
        readonly partition: Partition
        readonly p?: number
        readonly samples?: number
        readonly sampleSize?: number
        readonly seed?: number
      }
    >
  | OfWhole<
      'distributionKsAbove',
      C,
      {
        readonly distribution: Distribution
        readonly parameters?: readonly number[]
        readonly p?: number
      }
    >
  | (Common & {
      readonly type: 'cramersPhiLess'
      readonly columns: readonly [C, C]
      readonly threshold?: number
      /** Edges that numbers are put between, a column each: (a, b]. */
      readonly binsA?: readonly number[]
      readonly binsB?: readonly number[]
      /** Or the number of equal bins. */
      readonly countA?: number
      readonly countB?: number
    })
  | (Common & { readonly type: 'columnExists'; readonly column: string; readonly index?: number })
  | (Common & { readonly type: 'columnType'; readonly column: C; readonly dataType: string })
  | (Common & Bounds & { readonly type: 'rowCountBetween' })
  | (Common & { readonly type: 'rowCountEqual'; readonly value: number })
  | (Common & { readonly type: 'rowCountEqualOther'; readonly table: string })
  | (Common & { readonly type: 'columnCountBetween'; readonly min?: number; readonly max?: number })
  | (Common & { readonly type: 'columnCountEqual'; readonly value: number })
  | (Common & { readonly type: 'columnsMatchOrderedList'; readonly names: readonly string[] | null })
  | (Common & {
      readonly type: 'columnsMatchSet'
      readonly names: readonly string[] | null
      readonly exact?: boolean
    })
  | (Common & {
      readonly type: 'unexpectedRows'
      /** A single SELECT from `{batch}`; every row that it yields is not as expected. */
      readonly query: string
    })
  | (OfRows & {
      readonly type: 'queryMatches'
      /** A single SELECT from `{batch}`. */
      readonly query: string
      /** The name of another table, which is `{batch}` in `comparison`. */
      readonly source: string
      readonly comparison: string
    })

/** A distribution that numbers may be tested against, with scipy's parameters (shapes, location, scale). */
export type Distribution = 'norm' | 'beta' | 'gamma' | 'uniform' | 'chi2' | 'expon'

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
  /** Whether it is judged row by row; otherwise by `observed`. */
  readonly byRow: boolean
  /** Rows looked at, those with missing values, and those that are not as expected; 0 for statements about the whole. */
  readonly elements: number
  readonly missing: number
  readonly unexpected: number
  /** unexpected / (elements - missing); null when that is 0 / 0. */
  readonly unexpectedShare: number | null
  /** What was measured by a statement about the whole; null when there is none. */
  readonly observed: Json
  /** Passed because there was nothing to look at. */
  readonly vacuous: boolean
  /** The first values (or rows of values) that are not as expected, in the order of the rows. */
  readonly sample: readonly Cell[] | readonly Readonly<Record<string, Cell>>[]
  /** The places of those rows in the table, from 0. */
  readonly rows: readonly number[]
  /** What more was found: quantiles, shares, types. */
  readonly details?: Json
  readonly message?: string
}

/** What a column must be for an expectation to make sense. */
export type Fit = 'any' | 'number' | 'text' | 'ordered'
