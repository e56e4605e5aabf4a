import type { ExprNode } from '@uwdata/mosaic-sql'
import { relation } from '../query.ts'
import type { AnyRelation, Cell } from '../relation.ts'
import type { ExpectationResult } from './expectation.ts'

/** Returns the first values (rows of values for several columns) of the rows that fail. */
export async function sampleOf(
  data: AnyRelation,
  failing: ExprNode,
  names: readonly string[],
  samples: number,
): Promise<ExpectationResult['sample']> {
  const { engine } = data
  const { sql } = engine
  const query = sql.Query.from({ input: data.query })
    .select(...names.map((name) => sql.column(name)))
    .where(failing)
    .limit(samples)
  return flat(await relation({ engine, query, columns: names, tokens: [] }).rows(), names)
}

const flat = (rows: readonly Record<string, Cell>[], names: readonly string[]): ExpectationResult['sample'] =>
  names.length === 1 ? rows.map((row) => row[names[0]]) : rows

/** Returns the number of rows whose values occur more than once, and the most frequent of those values. */
export async function repeated(
  data: AnyRelation,
  kept: ExprNode,
  names: readonly string[],
  samples: number,
): Promise<{ count: number; sample: ExpectationResult['sample'] }> {
  const { engine } = data
  const { sql } = engine
  const columns = names.map((name) => sql.column(name))
  const groups = sql.Query.from({ input: data.query })
    .select(...columns, { times: sql.count() })
    .where(kept)
    .groupby(...columns)
    .having(sql.gt(sql.count(), sql.literal(1)))
  const all = [...names, 'times']
  const many = relation({ engine, query: groups, columns: all, tokens: [] })
  const [{ count }] = await many.groupBy([], { count: (s) => s.cast(s.sum('times'), 'BIGINT') }).rows()
  const rows = await many
    .orderBy({ column: 'times', descending: true }, ...names)
    .limit(samples)
    .select(...names)
    .rows()
  return { count: Number(count), sample: flat(rows, names) }
}
