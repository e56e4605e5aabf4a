import { collect, valueCounts } from '../aggregates/index.ts'
import type { Failing } from '../expectations/plan.ts'
import { shown } from '../expectations/sample.ts'
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
    const values = columns.map((name) => shown(sql, name, found.get(name)))
    const wish = valueCounts(values, { where: predicate, limit })
    const read = await collect(from, [wish])
    const counts = read(wish).map(({ values, count }) => ({ value: values.length === 1 ? values[0] : values, count }))
    results.push(counts)
  }
  return results
}
