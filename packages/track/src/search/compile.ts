import type { Expression, ExpressionBuilder, RawBuilder, SqlBool } from 'kysely'
import type { Tables } from '../tables.ts'
import { ATTRIBUTES, type Comparator, type Filter, type Identifier, type Order } from './parse.ts'

type Sql = typeof import('kysely').sql
type Builder = ExpressionBuilder<Tables, 'runs'>
type Condition = Expression<SqlBool>

/** Where each entity keeps its values. */
const TABLE = { metric: 'latest_metrics', param: 'params', tag: 'tags' } as const

/** Returns the condition on `runs` that a filter means; values are parameters of the statement, never its text. */
export function compileFilter(filter: Filter, eb: Builder, sql: Sql): Condition {
  switch (filter.type) {
    case 'and':
      return eb.and(filter.parts.map((part) => compileFilter(part, eb, sql)))
    case 'or':
      return eb.or(filter.parts.map((part) => compileFilter(part, eb, sql)))
    case 'not':
      return eb.not(compileFilter(filter.part, eb, sql))
    case 'missing': {
      const there = compileThere(filter.of, sql, sql<SqlBool>`1 = 1`)
      return filter.negated ? eb.not(there) : there
    }
    case 'compare':
      return compileThere(
        filter.of,
        sql,
        compare(valueOf(filter.of, filter.value, sql), filter.operator, filter.value, sql),
      )
    case 'in': {
      const list = sql.join(filter.values.map((value) => sql`${value}`))
      const value = valueOf(filter.of, filter.values[0], sql)
      return compileThere(
        filter.of,
        sql,
        filter.negated ? sql<SqlBool>`${value} NOT IN (${list})` : sql<SqlBool>`${value} IN (${list})`,
      )
    }
  }
}

/** A run has the thing, and its value fits. So `!=` says nothing of runs that lack it. */
function compileThere({ entity, key }: Identifier, sql: Sql, fits: RawBuilder<SqlBool>): RawBuilder<SqlBool> {
  if (entity === 'attribute')
    return sql<SqlBool>`(${sql.ref(`runs.${ATTRIBUTES[key].column}`)} IS NOT NULL AND ${fits})`
  if (entity === 'dataset')
    return sql<SqlBool>`EXISTS (SELECT 1 FROM inputs JOIN datasets USING (dataset_id) LEFT JOIN input_tags AS context
      ON context.run_id = inputs.run_id AND context.dataset_id = inputs.dataset_id AND context.key = 'mlflow.data.context'
      WHERE inputs.run_id = runs.run_id AND ${fits})`
  const number = entity === 'metric' ? sql`AND thing.is_nan = 0` : sql``
  return sql<SqlBool>`EXISTS (SELECT 1 FROM ${sql.table(TABLE[entity])} AS thing
    WHERE thing.run_id = runs.run_id AND thing.key = ${key} ${number} AND ${fits})`
}

function valueOf({ entity, key }: Identifier, like: string | number, sql: Sql): RawBuilder<unknown> {
  if (entity === 'attribute') return sql.ref(`runs.${ATTRIBUTES[key].column}`)
  if (entity === 'dataset') return key === 'context' ? sql.ref('context.value') : sql.ref(`datasets.${key}`)
  // A parameter is a text; compared with a number it is one, when it can be.
  if (entity === 'param' && typeof like === 'number')
    return sql`CASE WHEN thing.value GLOB '*[0-9]*' AND thing.value NOT GLOB '*[^-+.eE0-9]*' THEN CAST(thing.value AS REAL) END`
  return sql.ref('thing.value')
}

function compare(
  left: RawBuilder<unknown>,
  operator: Comparator,
  value: string | number,
  sql: Sql,
): RawBuilder<SqlBool> {
  if (operator === 'LIKE') return sql<SqlBool>`${left} GLOB ${globOf(String(value))}`
  if (operator === 'ILIKE') return sql<SqlBool>`${left} LIKE ${value}`
  return sql<SqlBool>`${left} ${sql.raw(operator)} ${value}`
}

/** SQLite's LIKE knows no case, its GLOB does: `%` is `*` there, and `_` is `?`. */
const globOf = (pattern: string): string => pattern.replace(/[*?[]/g, '[$&]').replaceAll('%', '*').replaceAll('_', '?')

/**
 * Returns the terms to order runs by: missing values last in both directions, for metrics numbers, then NaN, then missing;
 * ties by start, newest first, then by id.
 */
export function compileOrder(orders: readonly Order[], sql: Sql): RawBuilder<unknown> {
  const terms: RawBuilder<unknown>[] = []
  for (const { of, descending } of orders) {
    const direction = sql.raw(descending ? 'DESC' : 'ASC')
    if (of.entity === 'metric') {
      const pick = (column: string): RawBuilder<unknown> =>
        sql`(SELECT ${sql.raw(column)} FROM latest_metrics AS thing WHERE thing.run_id = runs.run_id AND thing.key = ${of.key})`
      terms.push(sql`coalesce(${pick('is_nan')}, 2) ASC`, sql`${pick('value')} ${direction}`)
      continue
    }
    const value =
      of.entity === 'attribute'
        ? sql.ref(`runs.${ATTRIBUTES[of.key].column}`)
        : of.entity === 'dataset'
          ? sql`(SELECT min(${sql.ref(`datasets.${of.key}`)}) FROM inputs JOIN datasets USING (dataset_id) WHERE inputs.run_id = runs.run_id)`
          : sql`(SELECT value FROM ${sql.table(TABLE[of.entity])} AS thing WHERE thing.run_id = runs.run_id AND thing.key = ${of.key})`
    terms.push(sql`${value} IS NULL ASC`, sql`${value} ${direction}`)
  }
  const byStart = orders.some(({ of }) => of.entity === 'attribute' && ATTRIBUTES[of.key].column === 'start_time')
  if (!byStart) terms.push(sql`runs.start_time DESC`)
  terms.push(sql`runs.run_id ASC`)
  return sql.join(terms)
}
