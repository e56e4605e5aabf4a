import type { FromClauseNode, SelectQuery } from '@uwdata/mosaic-sql'
import type { Sql } from '../engine.ts'

/** Columns from which on the engine's time to bind a table is worth saving. */
const WIDE = 200

/**
 * Returns a query that yields at least these columns of another: where it only picks columns, those that nobody asks for are left out,
 * down to the table itself. To bind ten thousand columns takes the engine longer than to read a hundred of them.
 */
export function narrow(sql: Sql, query: SelectQuery, names: ReadonlySet<string>): SelectQuery {
  if (!(query instanceof sql.SelectQuery) || query._select.length < WIDE) return query
  if (
    query._distinct ||
    query._distinctOn.length + query._groupby.length + query._qualify.length + query._with.length > 0
  )
    return query
  const kept = query._select.filter(({ alias, expr }) => names.has(alias || columnOf(sql, expr) || ''))
  if (kept.length === 0 || kept.length === query._select.length) return query
  const needed = new Set(
    [...kept.map(({ expr }) => expr), ...query._where, ...query._orderby].flatMap((node) =>
      sql.collectColumns(node).map(({ column }) => column),
    ),
  )
  const narrowed = query.clone()
  narrowed._select = kept
  const [from] = query._from
  if (query._from.length === 1 && isNested(sql, from)) {
    const inner = narrow(sql, from.expr as SelectQuery, needed)
    if (inner !== from.expr) narrowed._from = [new sql.FromClauseNode(inner, from.alias)]
  }
  return narrowed
}

const columnOf = (sql: Sql, node: unknown): string | undefined =>
  node instanceof sql.ColumnRefNode ? node.column : undefined

const isNested = (sql: Sql, node: unknown): node is FromClauseNode =>
  node instanceof sql.FromClauseNode && node.expr instanceof sql.SelectQuery
