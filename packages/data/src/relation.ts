import type { Tensor } from '@mlpod/contract'
import type { ExprNode, SelectQuery } from '@uwdata/mosaic-sql'
import type { ColumnData } from './columns.ts'
import type { Engine, Sql } from './engine.ts'
import type { ColumnType } from './schema.ts'

/** A value of a cell: whole numbers and numbers alike are `number`, dates and timestamps ISO text. */
export type Cell = string | number | boolean | null

/** An SQL expression: a tree, or a function that makes one. `({ gt }) => gt('age', 18)` (a text alone names a column). */
export type Expression = ExprNode | ((sql: Sql) => ExprNode)

/** A column to sort by; ascending with missing values last unless said otherwise. */
export type OrderKey<Name extends string = string> = Name | { readonly column: Name; readonly descending: true }

/** A column as the engine knows it. `type` is undefined for types that a schema has no word for. */
export interface ColumnInfo {
  readonly name: string
  readonly type: ColumnType | undefined
  /** DuckDB's name of the type. */
  readonly sqlType: string
}

/** How rows of two relations meet. */
export type JoinKind = 'inner' | 'left' | 'semi' | 'anti'

/** A relation whatever its rows: what statistics of tables are computed from. */
export interface AnyRelation {
  readonly columns: readonly string[]
  /** The tree, for those that build on it inside this room. */
  readonly query: SelectQuery
  /** The same without its order, for what does not depend on it: to sort a million rows takes longer than to count them. */
  readonly unordered: SelectQuery
  readonly engine: Engine
  describe(): Promise<ColumnInfo[]>
  toSQL(): string
}

/**
 * A table as a query: immutable, run only when it is read. Methods that return a relation build a larger query; methods
 * that return a promise run it. Names are checked at once: `COLUMN_UNKNOWN` names the column and the nearest one.
 */
export interface Relation<Row = Record<string, Cell>> extends AnyRelation {
  readonly columns: readonly (keyof Row & string)[]
  /** Keeps these columns, in this order; the rows stay ordered as they are, also by columns that are left out. */
  select<K extends keyof Row & string>(...names: readonly K[]): Relation<Pick<Row, K>>
  /** Leaves these columns out. */
  omit<K extends keyof Row & string>(...names: readonly K[]): Relation<Omit<Row, K>>
  /** Keeps the rows for which the condition is true (neither false nor missing). */
  where(condition: Expression): Relation<Row>
  /** Adds columns, or replaces those of the same name. */
  derive<K extends string>(columns: Readonly<Record<K, Expression>>): Relation<Omit<Row, K> & Record<K, Cell>>
  orderBy(...keys: readonly OrderKey<keyof Row & string>[]): Relation<Row>
  /** Keeps at most n rows, after the first `offset`. */
  limit(n: number, options?: { readonly offset?: number }): Relation<Row>
  /** Joins where the columns `on` are equal; for `inner` and `left`, other columns of the same name are refused. */
  join<Other>(
    other: Relation<Other>,
    options: { readonly on: readonly (keyof Row & keyof Other & string)[]; readonly kind?: JoinKind },
  ): Relation<Row & Omit<Other, keyof Row>>
  /** Aggregates by the keys (the whole table for none), sorted by them. */
  groupBy<K extends keyof Row & string, A extends string>(
    keys: readonly K[],
    aggregates: Readonly<Record<A, Expression>>,
  ): Relation<Pick<Row, K> & Record<A, Cell>>
  /** The rows of both; the columns must be the same. */
  concat(other: Relation<Row>): Relation<Row>
  distinct(): Relation<Row>
  count(): Promise<number>
  /** Reads all rows as objects. Throws `INT_UNSAFE` for whole numbers beyond 2^53. */
  rows(): Promise<Row[]>
  /** Reads columns (all by default) into typed arrays. */
  toColumns<K extends keyof Row & string>(...names: readonly K[]): Promise<Record<K, ColumnData>>
  /**
   * Reads columns (all by default) as tensors of shape [N, 1], the form in which models take a raw column: numbers and
   * truth values as float32 with NaN for missing, everything else as string with "" for missing.
   */
  tensors<K extends keyof Row & string>(
    ...names: readonly K[]
  ): Promise<Record<K, Tensor<'float32'> | Tensor<'string'>>>
  /** Reads the rows in order, some thousands at a time. */
  batches(): AsyncIterable<Record<keyof Row & string, ColumnData>>
  /** Runs the query once and keeps its rows in the engine. */
  materialize(): Promise<Relation<Row>>
}
