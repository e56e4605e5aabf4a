import type { Runs } from '@mlpod/math'
import type { ExprNode } from '@uwdata/mosaic-sql'
import type { Cell } from '../relation.ts'

/** How often values of an expression fall between edges: `counts[i]` in [edges[i], edges[i + 1]), the last bin with its end. */
export interface BinCounts {
  readonly counts: Float64Array
  readonly below: number
  readonly above: number
}

/** A value (a row of values for several expressions) and how many rows hold it. */
export interface ValueCount {
  readonly values: readonly Cell[]
  readonly count: number
}

/**
 * One thing to be known of a table, before it is known. Checks, profiles and drift all say what they need in these words;
 * `collect` reads the table for all of them together. Missing values (NULL; for numbers also NaN, if the expression says
 * so) take part in nothing but what an expression counts by itself.
 */
export type Aggregate<T = unknown> = Part & {
  /** Holds the TypeScript type of what is read; never set. */
  readonly '~value'?: T
}

type Part =
  | { readonly pass: 'scan'; readonly expression: ExprNode; readonly heavy: boolean }
  | { readonly pass: 'bins'; readonly value: ExprNode; readonly edges: readonly number[] }
  | {
      readonly pass: 'ranks'
      readonly value: ExprNode
      readonly at: (n: number) => readonly number[]
      readonly says: string
    }
  | {
      readonly pass: 'counts'
      readonly values: readonly ExprNode[]
      readonly where?: ExprNode
      readonly limit?: number
    }
  | { readonly pass: 'numbers'; readonly value: ExprNode }
  | { readonly pass: 'runs'; readonly value: ExprNode }

/**
 * Returns the wish for one aggregate expression of SQL. Any number of them is one scan. `heavy` ones keep many values
 * in memory (distinct counts, quantiles): fewer of them share a scan.
 */
export const scalar = <T = unknown>(expression: ExprNode, { heavy = false } = {}): Aggregate<T> => ({
  pass: 'scan',
  expression,
  heavy,
})

/** Returns the wish for counts between ascending edges (two or more), read in the scan of the scalars. */
export const binCounts = (value: ExprNode, edges: readonly number[]): Aggregate<BinCounts> => ({
  pass: 'bins',
  value,
  edges,
})

/**
 * Returns the wish for the values at these places of the sorted values, 0 the least; `at` is asked when their number is known,
 * so it takes a second scan, one for all. `says` tells two `at` apart.
 */
export const orderStatistics = (
  value: ExprNode,
  at: (n: number) => readonly number[],
  says: string,
): Aggregate<readonly number[]> => ({ pass: 'ranks', value, at, says })

/**
 * Returns the wish for values and how often they occur, the most frequent first and equally frequent ones by value; rows
 * in which all of them are missing are left out. Each is a scan of its columns alone.
 */
export const valueCounts = (
  values: readonly ExprNode[],
  { where, limit }: { readonly where?: ExprNode; readonly limit?: number } = {},
): Aggregate<readonly ValueCount[]> => ({ pass: 'counts', values, where, limit })

/** Returns the wish for all numbers of an expression in the order of the rows, without NULL. Each is a scan of its columns alone. */
export const numbers = (value: ExprNode): Aggregate<Float64Array> => ({ pass: 'numbers', value })

/**
 * Returns the wish for the distinct numbers of an expression in order, with how often each occurs: sooner read than all numbers where they are few. Each is a scan
 * of its columns alone.
 */
export const distinctNumbers = (value: ExprNode): Aggregate<Runs> => ({ pass: 'runs', value })
