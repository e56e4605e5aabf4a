import type { ExprNode } from '@uwdata/mosaic-sql'
import { scalar } from '../aggregates/index.ts'
import { relation } from '../query.ts'
import type { AnyRelation } from '../relation.ts'
import type { Expectation } from './expectation.ts'
import { freeName } from './order.ts'
import { all, type Context, call, count, type Entry, one, type Plan } from './plan.ts'
import { ignoredRows } from './several.ts'

/** The rows looked at whose values occur more than once, and how many there are. */
function repeating(
  { data, sql, columns }: Context,
  looked: ExprNode,
): { from: AnyRelation; place: string; names: string[] } {
  const names = columns.map(({ name }) => name)
  const place = freeName(data.columns, 'place')
  const numbered = sql.Query.from({ input: data.query }).select(...data.columns.map((name) => sql.column(name)), {
    [place]: sql.sub(sql.row_number(), sql.literal(1)),
  })
  const rows = sql.Query.from({ numbered }).where(looked)
  const groups = sql.Query.from({ input: data.query })
    .select(...names.map((name) => sql.column(name)))
    .where(looked)
    .groupby(...names.map((name) => sql.column(name)))
    .having(sql.gt(sql.count(), sql.literal(1)))
  const equal = names.map((name) => sql.isNotDistinct(sql.column(name, 'looked'), sql.column(name, 'repeated')))
  const joined = sql.join(
    new sql.FromClauseNode(rows.select(...data.columns.map((name) => sql.column(name)), sql.column(place)), 'looked'),
    new sql.FromClauseNode(groups, 'repeated'),
    {
      type: 'SEMI' as 'INNER',
      on: sql.and(...equal),
    },
  )
  const query = sql.Query.from(joined).select(...data.columns.map((name) => sql.column(name)), sql.column(place))
  return { from: relation({ engine: data.engine, query, columns: [...data.columns, place], tokens: [] }), place, names }
}

/** Counts rows and distinct rows in the common scan; only where they differ are the repeated ones looked for. */
function uniqueness(context: Context, ignored: ExprNode): Plan {
  const { sql, columns, condition } = context
  const there = sql.not(ignored)
  const looked = condition ? sql.and(condition, there) : there
  const value = columns.length === 1 ? columns[0].value : call(sql, 'row', ...columns.map((c) => c.value))
  const distinct = scalar<number>(sql.count(sql.cond(looked, value) as ExprNode).distinct(), { heavy: true })
  const counts = [count(context), count(context, ignored)] as const
  return {
    needs: [...counts, distinct],
    finish(read) {
      const [elements, missing] = counts.map((wish) => Number(read(wish)))
      const { from, place, names } = repeating(context, looked)
      const failing = { from, place, predicate: sql.literal(true), columns: names }
      if (elements - missing === Number(read(distinct)))
        return { by: 'rows', elements, missing, unexpected: 0, failing }
      const repeated = scalar<number>(sql.count())
      return {
        needs: [repeated],
        from,
        finish: (then) => ({ by: 'rows', elements, missing, unexpected: Number(then(repeated)), failing }),
      }
    },
  }
}

type Compound = Expectation & { readonly type: 'compoundUnique' }

/** Expectations that no value, or no row of values, occurs twice; every occurrence of one that does is unexpected. */
export const uniqueEntries = {
  unique: {
    fits: 'any',
    columns: one,
    sentence: (e: { column: string }) => `${e.column} holds no value twice`,
    plan: (context) => uniqueness(context, context.columns[0].missing),
  } satisfies Entry<{ column: string }>,
  compoundUnique: {
    fits: 'any',
    columns: all,
    sentence: (e: Compound) => `(${e.columns.join(', ')}) holds no row twice`,
    plan: (context, { ignoreRowIf }) => uniqueness(context, ignoredRows(context, ignoreRowIf)),
  } satisfies Entry<Compound>,
} as const
