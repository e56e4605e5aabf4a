import type { ExprNode } from '@uwdata/mosaic-sql'
import type { AggregateEntry, Context, Expectation, Fit, Of } from './expectation.ts'
import { range, refuseRange } from './map.ts'

type Numeric = Of<'rowCountBetween'> & { readonly column?: string; readonly quantile?: number }

const within = (observed: number, { min, max, strictMin, strictMax }: Numeric): boolean =>
  (min === undefined || (strictMin ? observed > Number(min) : observed >= Number(min))) &&
  (max === undefined || (strictMax ? observed < Number(max) : observed <= Number(max)))

type Observe = (context: Context, expectation: Numeric) => ExprNode

/** An expectation that one number lies in a range. */
const numeric = (said: string, fits: Fit, observe: Observe): AggregateEntry<Numeric> => ({
  kind: 'aggregate',
  fits,
  columns: ({ column }) => (column === undefined ? [] : [column]),
  sentence: (e) => `${said}${e.column === undefined ? '' : ` of ${e.column}`} is ${range(e)}`,
  refuse: ({ quantile, ...e }) =>
    quantile !== undefined && !(quantile >= 0 && quantile <= 1) ? `${quantile} is no quantile` : refuseRange(e),
  observe,
  holds: within,
})

/** The values that are not missing. */
const present = ({ sql, columns: [c] }: Context): ExprNode => sql.cond(sql.not(c.missing), c.value)
const number = (context: Context): ExprNode => context.sql.cast(present(context), 'DOUBLE')
const aggregate = (context: Context, name: string, ...more: ExprNode[]): ExprNode =>
  new context.sql.AggregateNode(name, [number(context), ...more])

type Distinct = Expectation & { readonly type: 'distinctInSet' | 'distinctContainSet' | 'distinctEqualSet' }

/** Counts the distinct values outside the set, and those of the set that do not occur: each of both that `counted` asks for. */
const distinct = (said: string, counted: { surplus: boolean; absent: boolean }): AggregateEntry<Distinct> => ({
  kind: 'aggregate',
  fits: 'any',
  columns: ({ column }) => [column],
  sentence: ({ column, values }) => `the values of ${column} ${said} { ${values.join(', ')} }`,
  refuse: ({ values }) => (values.length === 0 ? 'its set of values is empty' : undefined),
  observe(context, { values }) {
    const { sql } = context
    const listed = values.map((value) => sql.literal(value))
    const value = present(context)
    const outside = sql.count(sql.cond(sql.not(sql.isIn(value, listed)), value)).distinct()
    const inside = sql.count(sql.cond(sql.isIn(value, listed), value)).distinct()
    const absent = sql.sub(sql.literal(new Set(values).size), inside)
    if (counted.surplus && counted.absent) return sql.add(outside, absent)
    return counted.surplus ? outside : absent
  },
  holds: (observed) => observed === 0,
})

/** Expectations of one number. Conventions: sample deviation (n - 1), linear quantiles, null for no values. */
export const aggregateEntries = {
  minBetween: numeric('the minimum', 'number', (c) => aggregate(c, 'min')),
  maxBetween: numeric('the maximum', 'number', (c) => aggregate(c, 'max')),
  meanBetween: numeric('the mean', 'number', (c) => aggregate(c, 'favg')),
  medianBetween: numeric('the median', 'number', (c) => aggregate(c, 'median')),
  stdevBetween: numeric('the standard deviation', 'number', (c) => aggregate(c, 'stddev_samp')),
  sumBetween: numeric('the sum', 'number', (c) => c.sql.coalesce(aggregate(c, 'fsum'), c.sql.literal(0))),
  quantileBetween: numeric('the quantile', 'number', (c, { quantile = 0.5 }) =>
    aggregate(c, 'quantile_cont', c.sql.literal(quantile)),
  ),
  uniqueCountBetween: numeric('the number of distinct values', 'any', (c) => c.sql.count(present(c)).distinct()),
  proportionUniqueBetween: numeric('the share of distinct values', 'any', (c) => {
    const n = c.sql.count(present(c))
    const share = c.sql.div(n.distinct(), new c.sql.FunctionNode('nullif', [n, c.sql.literal(0)]))
    return c.sql.coalesce(share, c.sql.literal(0))
  }),
  proportionNonNullBetween: numeric('the share of values that are not missing', 'any', (c) => {
    const rows = new c.sql.FunctionNode('nullif', [c.rows, c.sql.literal(0)])
    return c.sql.coalesce(c.sql.div(c.sql.count(present(c)), rows), c.sql.literal(0))
  }),
  distinctInSet: distinct('are all in', { surplus: true, absent: false }),
  distinctContainSet: distinct('contain all of', { surplus: false, absent: true }),
  distinctEqualSet: distinct('are exactly', { surplus: true, absent: true }),
  rowCountBetween: numeric('the number of rows', 'any', ({ rows }) => rows),
} as const
