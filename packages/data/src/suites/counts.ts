import type { ExprNode } from '@uwdata/mosaic-sql'
import type { Failing } from '../expectations/plan.ts'
import { plainCell, shown } from '../expectations/sample.ts'
import type { AnyRelation, Cell, ColumnInfo } from '../relation.ts'

/** An unexpected value (a list of values for several columns), and in how many rows it stands. */
export interface UnexpectedCount {
  readonly value: Cell | readonly Cell[]
  readonly count: number
}

/** Returns the most frequent unexpected values of each, the most frequent first and equally frequent ones by value: one scan each of their columns. */
export async function countUnexpected(
  data: AnyRelation,
  wanted: readonly { readonly failing: Failing }[],
  found: ReadonlyMap<string, ColumnInfo>,
  limit: number,
): Promise<UnexpectedCount[][]> {
  const results: UnexpectedCount[][] = []
  for (const { failing } of wanted) {
    const { from = data, predicate, columns } = failing
    const { sql } = from.engine
    const names = columns.map((_, i) => `v${i}`)
    const values = columns.map((name) => {
      const value = shown(sql, name, found.get(name))
      // NaN and NULL are one missing value
      return found.get(name)?.sqlType === 'DOUBLE' ? (sql.cond(sql.not(sql.isNaN(value)), value) as ExprNode) : value
    })
    const query = sql.Query.from({ input: from.query })
      .select({ ...Object.fromEntries(values.map((value, i) => [names[i], value])), times: sql.count() })
      .where(predicate)
      .groupby(...values)
      .orderby(sql.desc(sql.column('times')), ...names.map((name) => sql.asc(sql.column(name), false)))
      .limit(limit)
    const rows = await from.engine.read(String(query))
    const counts = rows.map((row) => {
      const cells = names.map((name) => plainCell(row[name]))
      return { value: cells.length === 1 ? cells[0] : cells, count: Number(row.times) }
    })
    results.push(counts)
  }
  return results
}
