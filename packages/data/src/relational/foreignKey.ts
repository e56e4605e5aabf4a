import { PodError } from '@mlpod/contract'
import { collect, scalar } from '../aggregates/index.ts'
import { countIf } from '../engine.ts'
import { freeName } from '../expectations/order.ts'
import { unknownColumn, untyped } from '../query.ts'
import type { AnyRelation, Cell, Relation } from '../relation.ts'

/** What looking up the keys of one table in another showed. */
export interface ForeignKeyCheck {
  readonly ok: boolean
  readonly rows: number
  /** Rows in which a part of the key is missing: they refer to nothing, and are right. */
  readonly missing: number
  /** Rows whose key the other table does not have. */
  readonly orphans: number
  /** The most frequent such keys. */
  readonly first: readonly { readonly key: readonly Cell[]; readonly count: number }[]
}

const known = (data: AnyRelation, columns: readonly string[]): void => {
  if (columns.length === 0) throw new PodError('OPTION_INVALID', 'a key has at least one column')
  for (const name of columns) if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
}

/**
 * Counts the rows whose values in `columns` no row of another table has in `of` (columns of the same names by default). Throws
 * `COLUMN_UNKNOWN`, and `OPTION_INVALID` for keys of different lengths. The meaning of missing parts is SQL's (MATCH SIMPLE).
 */
export async function foreignKey(
  data: AnyRelation,
  columns: readonly string[],
  other: AnyRelation,
  { of = columns, samples = 5 }: { readonly of?: readonly string[]; readonly samples?: number } = {},
): Promise<ForeignKeyCheck> {
  known(data, columns)
  known(other, of)
  if (of.length !== columns.length)
    throw new PodError('OPTION_INVALID', `a key of ${columns.length} columns cannot refer to one of ${of.length}`)
  const { sql } = data.engine
  const col = (name: string) => sql.column(name)
  const rows = scalar<number>(sql.count())
  const missing = scalar<number>(countIf(sql, sql.or(...columns.map((name) => sql.isNull(col(name))))))
  const read = await collect(data, [rows, missing])
  const keys = untyped(other)
    .derive(Object.fromEntries(of.map((name, i) => [`k${i}`, col(name)])))
    .select(...columns.map((_, i) => `k${i}`))
    .distinct()
  const there = untyped(data)
    .where(sql.and(...columns.map((name) => sql.not(sql.isNull(col(name))))))
    .derive(Object.fromEntries(columns.map((name, i) => [`k${i}`, col(name)])))
    .select(...columns.map((_, i) => `k${i}`))
  const orphans: Relation = there.join(keys, { on: columns.map((_, i) => `k${i}`), kind: 'anti' }).groupBy(
    columns.map((_, i) => `k${i}`),
    { times: ({ count }) => count() },
  ) as unknown as Relation
  const [{ n }] = await orphans.groupBy([], { n: (s) => s.cast(s.sum('times'), 'BIGINT') }).rows()
  const count = Number(n ?? 0)
  const names = columns.map((_, i) => `k${i}`)
  const first =
    count === 0
      ? []
      : await orphans
          .orderBy({ column: 'times', descending: true }, ...names)
          .limit(samples)
          .rows()
  return {
    ok: count === 0,
    rows: Number(read(rows)),
    missing: Number(read(missing)),
    orphans: count,
    first: first.map((row) => ({ key: names.map((name) => row[name]), count: Number(row.times) })),
  }
}

/** How many rows of one table stand in another too, as in a test set that was trained on. */
export interface SharedRows {
  readonly rows: number
  readonly shared: number
  readonly share: number
}

/** Counts the rows of a table whose values in `columns` (those of both by default) a row of another has too; missing values are equal. */
export async function sharedRows(
  data: AnyRelation,
  other: AnyRelation,
  {
    columns = data.columns.filter((name) => other.columns.includes(name)),
  }: { readonly columns?: readonly string[] } = {},
): Promise<SharedRows> {
  known(data, columns)
  known(other, columns)
  const { sql } = data.engine
  const mark = freeName([...data.columns, ...other.columns], 'side')
  // grouped together, missing values are equal; a join would not find them so
  const side = (from: AnyRelation, isData: boolean) =>
    untyped(from)
      .select(...columns)
      .derive({ [mark]: sql.literal(isData ? 1 : 0) })
  const groups = side(data, true)
    .concat(side(other, false))
    .groupBy(columns, {
      here: ({ sum, column }) => sum(column(mark)),
      all: ({ count }) => count(),
    }) as unknown as Relation
  const [{ rows, shared }] = await groups
    .groupBy([], {
      rows: (s) => s.cast(s.sum('here'), 'BIGINT'),
      shared: (s) =>
        s.cast(s.sum(s.cond(s.gt(s.column('all'), s.column('here')), s.column('here'), s.literal(0))), 'BIGINT'),
    })
    .rows()
  const n = Number(rows ?? 0)
  return { rows: n, shared: Number(shared ?? 0), share: n === 0 ? 0 : Number(shared) / n }
}
