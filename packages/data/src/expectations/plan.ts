import type { Json } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { type Aggregate, type Collected, scalar } from '../aggregates/index.ts'
import { countIf, type Sql } from '../engine.ts'
import type { AnyRelation, Cell, ColumnInfo } from '../relation.ts'
import type { ColumnType } from '../schema.ts'
import type { Fit } from './expectation.ts'

/** A column in an expression, and whether its value is missing: NULL, and NaN among numbers. */
export interface ValueOfColumn {
  readonly name: string
  readonly value: ExprNode
  readonly missing: ExprNode
  /** Undefined for types that a schema has no word for. */
  readonly type: ColumnType | undefined
  readonly sqlType: string
}

/** What an entry compiles with: SQL, the columns it names in order, and the rows it looks at. */
export interface Context {
  readonly data: AnyRelation
  readonly sql: Sql
  readonly columns: readonly ValueOfColumn[]
  readonly found: ReadonlyMap<string, ColumnInfo>
  /** True for rows that are looked at; all of them where it is absent. */
  readonly condition: ExprNode | undefined
  /** Other tables by their names. */
  readonly tables: Readonly<Record<string, AnyRelation>>
}

/** Rows that are not as expected: where they are, and which columns show it. */
export interface Failing {
  /** The table that the predicate speaks of; by default the one looked at. */
  readonly from?: AnyRelation
  /** The column of `from` that holds the place of the row in the table looked at, from 0. */
  readonly place?: string
  readonly predicate: ExprNode
  readonly columns: readonly string[]
}

/** What a plan found. */
export type Found =
  | {
      readonly by: 'rows'
      readonly elements: number
      readonly missing: number
      readonly unexpected: number
      readonly failing: Failing
      readonly details?: Json
    }
  | {
      readonly by: 'whole'
      readonly holds: boolean
      readonly observed: Json
      readonly elements?: number
      readonly details?: Json
      /** Rows that show it, where there are any. */
      readonly unexpected?: number
      readonly sample?: readonly Readonly<Record<string, Json>>[]
    }

/** What is to be read of a table, and what is made of it: a finding, or a plan that could not be made before. */
export interface Plan {
  readonly needs: readonly Aggregate[]
  /** The table that the needs speak of; by default the one looked at. Plans of one table share its scans. */
  readonly from?: AnyRelation
  readonly finish: (read: Collected) => Found | Plan | Promise<Found | Plan>
}

/** One expectation: an entry of the table. */
export interface Entry<E> {
  readonly fits: Fit
  readonly columns: (expectation: E) => readonly string[]
  readonly sentence: (expectation: E) => string
  /** Returns what is wrong with the parameters, if anything. */
  readonly refuse?: (expectation: E) => string | undefined
  /** Returns why it cannot be tried on these columns, if it cannot. */
  readonly misfit?: (expectation: E, columns: readonly ColumnInfo[]) => string | undefined
  readonly plan: (context: Context, expectation: E) => Plan
}

/** The columns of an expectation of one column, and of several. */
export const one = ({ column }: { readonly column: string }): readonly string[] => [column]
export const all = ({ columns }: { readonly columns: readonly string[] }): readonly string[] => columns

/** Returns a function of SQL, and an aggregate. */
export const call = (sql: Sql, name: string, ...given: readonly ExprNode[]): ExprNode =>
  new sql.FunctionNode(name, [...given])
export const aggregate = (sql: Sql, name: string, ...given: readonly ExprNode[]): ExprNode =>
  new sql.AggregateNode(name, [...given])

/** Returns the count of rows looked at for which all of these are true, as an aggregate. */
export function counted({ sql, condition }: Context, ...filters: readonly ExprNode[]): ExprNode {
  const conditions = condition ? [condition, ...filters] : filters
  return conditions.length === 0 ? sql.count() : countIf(sql, both(sql, conditions))
}

const both = (sql: Sql, conditions: readonly ExprNode[]): ExprNode =>
  conditions.length === 1 ? conditions[0] : sql.and(...conditions)

/** Returns a wish for that count. */
export const count = (context: Context, ...filters: readonly ExprNode[]): Aggregate<number> =>
  scalar(counted(context, ...filters))

/** Returns the value of the first column where it is looked at and not missing, else NULL. */
export function present({ sql, condition, columns: [c] }: Context): ExprNode {
  const there = sql.not(c.missing)
  return sql.cond(condition ? sql.and(condition, there) : there, c.value) as ExprNode
}

/** Returns it as a double. */
export const number = (context: Context): ExprNode => context.sql.cast(present(context), 'DOUBLE')

/** The rows of an expectation that are judged one by one. */
export interface Rows {
  /** Rows that are not looked at; missing values of the first column by default. */
  readonly ignored?: ExprNode
  /** True for rows that are not as expected; NULL counts as they are. */
  readonly unexpected: ExprNode
  readonly details?: Json
}

/** Returns the plan that counts rows that are not as expected: one scan shared with all others. */
export function rows(context: Context, { ignored, unexpected, details }: Rows): Plan {
  const { sql, columns, condition } = context
  const skipped = ignored ?? columns[0].missing
  const bad = sql.and(sql.not(skipped), unexpected)
  const wishes = [count(context), count(context, skipped), count(context, bad)] as const
  return {
    needs: wishes,
    finish: (read) => {
      const [elements, missing, found] = wishes.map((wish) => Number(read(wish)))
      return {
        by: 'rows',
        elements,
        missing,
        unexpected: found,
        failing: { predicate: condition ? sql.and(condition, bad) : bad, columns: columns.map(({ name }) => name) },
        details,
      }
    },
  }
}

/** Returns the plan that reads one value and judges it. */
export function whole<T>(
  context: Context,
  wish: Aggregate<T>,
  judge: (value: T, elements: number) => { readonly holds: boolean; readonly observed: Json; readonly details?: Json },
): Plan {
  const elements = count(context)
  return {
    needs: [elements, wish],
    finish: (read) => ({ by: 'whole', elements: Number(read(elements)), ...judge(read(wish), Number(read(elements))) }),
  }
}

/** Returns the plan of what is known without reading a row. */
export const known = (holds: boolean, observed: Json, details?: Json): Plan => ({
  needs: [],
  finish: () => ({ by: 'whole', holds, observed, details }),
})

/** Whole numbers as they are, beyond 2^53 as text. */
export const plainNumber = (value: unknown): Json =>
  value === null || value === undefined
    ? null
    : typeof value === 'bigint'
      ? String(value)
      : typeof value === 'number' && Number.isNaN(value)
        ? null
        : (value as Json)

/**
 * Returns a column whose values are to be counted, and how what is read of it becomes a value: whole numbers come as text, since those beyond
 * 2^53 are no numbers of JavaScript.
 */
export function countable(
  { sql }: Context,
  { value, type }: ValueOfColumn,
): {
  readonly expression: ExprNode
  readonly read: (found: Cell) => Cell
} {
  if (type !== 'int') return { expression: value, read: (found) => found }
  return {
    expression: sql.cast(value, 'VARCHAR'),
    read: (found) => (Number.isSafeInteger(Number(found)) ? Number(found) : found),
  }
}
