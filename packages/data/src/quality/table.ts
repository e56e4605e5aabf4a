import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { type Aggregate, collect, scalar, valueCounts } from '../aggregates/index.ts'
import { countIf } from '../engine.ts'
import type { AnyRelation } from '../relation.ts'

/** Two columns that are alike, and the share of the rows in which they are equal. */
export interface Twins {
  readonly columns: readonly [string, string]
  readonly share: number
}

/** What is odd about a table. NaN counts as missing. */
export interface TableQuality {
  readonly rows: number
  readonly columns: number
  readonly types: Readonly<Record<string, number>>
  /** Cells without a value, and their share of all cells. */
  readonly missing: number
  readonly missingShare: number
  /** Rows that are equal to an earlier one, and rows without any value. */
  readonly duplicatedRows: number
  readonly emptyRows: number
  readonly emptyColumns: readonly string[]
  /** Columns of at most one distinct value, and those whose most frequent value is in at least `threshold` of the rows. */
  readonly constantColumns: readonly string[]
  readonly almostConstantColumns: readonly string[]
  /** Pairs of columns that are equal in every row (also in what is missing), and in at least `threshold` of the rows. */
  readonly duplicatedColumns: readonly Twins[]
  readonly almostDuplicatedColumns: readonly Twins[]
}

/**
 * Returns what is odd about a table: one scan, one for each column's most frequent value, and one for repeated rows. Throws `OPTION_INVALID`
 * unless the threshold is in [0.5, 1]. Source of the definitions: Evidently 0.7; its share of missing cells is of the rows, which exceeds 1.
 */
export async function tableQuality(
  data: AnyRelation,
  { threshold = 0.95 }: { readonly threshold?: number } = {},
): Promise<TableQuality> {
  if (!(threshold >= 0.5 && threshold <= 1))
    throw new PodError('OPTION_INVALID', `the threshold ${threshold} is not between 0.5 and 1`)
  const { engine } = data
  const { sql } = engine
  const infos = await data.describe()
  const value = new Map<string, ExprNode>(
    infos.map(({ name, type }) => {
      const column = sql.column(name)
      return [name, type === 'float' ? sql.cond(sql.not(sql.isNaN(column)), column) : column]
    }),
  )
  const of = (name: string): ExprNode => value.get(name)!
  const count = (expression: ExprNode): Aggregate<number> => scalar(expression)
  const rows = count(sql.count())
  const present = infos.map(({ name }) => count(sql.count(of(name))))
  const distinct = infos.map(({ name }) => scalar<number>(sql.count(of(name)).distinct(), { heavy: true }))
  const top = infos.map(({ name }) => valueCounts([of(name)], { limit: 1 }))
  const empty = count(countIf(sql, sql.and(...infos.map(({ name }) => sql.isNull(of(name))))))
  const pairs = infos.flatMap((a, i) =>
    infos.slice(i + 1).flatMap((b) => {
      if (a.sqlType !== b.sqlType) return []
      const [x, y] = [of(a.name), of(b.name)]
      return [
        {
          columns: [a.name, b.name] as const,
          equal: count(countIf(sql, sql.eq(x, y))),
          same: count(countIf(sql, sql.isNotDistinct(x, y))),
        },
      ]
    }),
  )
  const found = await collect(data, [
    rows,
    empty,
    ...present,
    ...distinct,
    ...top,
    ...pairs.flatMap((p) => [p.equal, p.same]),
  ])
  const n = found(rows)
  const names = (keep: (i: number) => boolean): string[] => infos.filter((_, i) => keep(i)).map(({ name }) => name)
  const twins = (keep: (pair: (typeof pairs)[number]) => number): Twins[] =>
    n === 0
      ? []
      : pairs
          .map((pair) => ({ columns: pair.columns, share: keep(pair) / n }))
          .filter(({ share }) => share >= threshold)
  const distinctRows = sql.Query.from({ input: data.query })
    .select(Object.fromEntries(infos.map(({ name }, i) => [`c${i}`, of(name)])))
    .distinct()
  const [{ kept }] = await engine.read(String(sql.Query.from({ distinctRows }).select({ kept: sql.count() })))
  const missing = infos.reduce((sum, _, i) => sum + n - found(present[i]), 0)
  const types: Record<string, number> = {}
  for (const { type, sqlType } of infos) types[type ?? sqlType] = (types[type ?? sqlType] ?? 0) + 1
  return {
    rows: n,
    columns: infos.length,
    types,
    missing,
    missingShare: n === 0 ? 0 : missing / (n * infos.length),
    duplicatedRows: n - Number(kept),
    emptyRows: found(empty),
    emptyColumns: names((i) => found(present[i]) === 0),
    constantColumns: names((i) => found(distinct[i]) <= 1),
    almostConstantColumns: names((i) => n > 0 && (found(top[i])[0]?.count ?? 0) / n >= threshold),
    duplicatedColumns: twins(({ same }) => (found(same) === n ? n : 0)),
    almostDuplicatedColumns: twins(({ equal }) => found(equal)),
  }
}
