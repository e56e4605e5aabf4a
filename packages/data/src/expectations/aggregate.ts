import type { ExprNode } from '@uwdata/mosaic-sql'
import { scalar, valueCounts } from '../aggregates/index.ts'
import { isoText } from '../columns.ts'
import { countIf, identifier } from '../engine.ts'
import type { Bounds, Expectation, Fit, SetValue } from './expectation.ts'
import { foreign, isMember } from './members.ts'
import {
  aggregate,
  type Context,
  call,
  countable,
  counted,
  type Entry,
  number,
  one,
  type Plan,
  plainNumber,
  present,
  whole,
} from './plan.ts'
import { listed, range, refuseRange, within } from './range.ts'

type Ranged = Bounds & { readonly column: string; readonly quantile?: number }

type Observe = (context: Context, expectation: Ranged) => ExprNode

/** An expectation that one number of a column lies in a range; `heavy` where it keeps the column's values in memory. */
const numeric = (said: string, fits: Fit, observe: Observe, { heavy = false } = {}): Entry<Ranged> => ({
  fits,
  columns: one,
  sentence: (e) => `${said} of ${e.column} is ${range(e)}`,
  refuse: ({ quantile, ...e }) =>
    quantile !== undefined && !(quantile >= 0 && quantile <= 1) ? `${quantile} is no quantile` : refuseRange(e),
  misfit: ({ min, max }, [{ name, sqlType, type }]) => {
    const text = fits === 'ordered' && type !== 'int' && type !== 'float'
    const wrong = [min, max].find(
      (bound) => bound !== undefined && bound !== null && (typeof bound === 'string') !== text,
    )
    return wrong === undefined
      ? undefined
      : `${said} of the column "${name}" (${sqlType}) cannot be compared with ${JSON.stringify(wrong)}`
  },
  plan: (context, e) =>
    whole<number | bigint | string | null>(context, scalar(observe(context, e), { heavy }), (value) => {
      const missing = value === null || Number.isNaN(value)
      return { holds: !missing && within(value, sameForm(e)), observed: plainNumber(value) }
    }),
})

/** Texts of moments compare in their order when they are written alike. */
const sameForm = (bounds: Bounds): Bounds => {
  const iso = (bound: number | string | undefined) =>
    typeof bound === 'string' && /^\d{4}-\d{2}-\d{2}[T ]/.test(bound)
      ? new Date(/(Z|[+-]\d\d:?\d\d)$/.test(bound) ? bound : `${bound.replace(' ', 'T')}Z`)
          .toISOString()
          .replace(/\.000Z$/, 'Z')
      : bound
  return { ...bounds, min: iso(bounds.min), max: iso(bounds.max) }
}

/** Least and greatest: numbers as they are, days and moments in ISO form. */
const extreme =
  (name: 'min' | 'max'): Observe =>
  (context) => {
    const { sql, columns } = context
    const [{ type, sqlType }] = columns
    if (type === 'float') return aggregate(sql, name, number(context))
    const found = aggregate(sql, name, present(context))
    if (type === 'timestamp') {
      const text = isoText(identifier('~'), sqlType)
      return sql.verbatim(text.replaceAll(identifier('~'), `(${found})`))
    }
    return type === 'date' ? sql.cast(found, 'VARCHAR') : found
  }

/** A compensated sum; where it overflows or meets an infinity, the plain one, which says so. */
const total = (context: Context): ExprNode => {
  const { sql, columns } = context
  if (columns[0].type === 'int') return aggregate(sql, 'sum', present(context))
  if (columns[0].sqlType.startsWith('DECIMAL')) return sql.cast(aggregate(sql, 'sum', present(context)), 'DOUBLE')
  const exact = aggregate(sql, 'fsum', number(context))
  return sql.cond(sql.isNaN(exact), aggregate(sql, 'sum', number(context)), exact) as ExprNode
}

const mean = (context: Context): ExprNode => {
  const exact = aggregate(context.sql, 'favg', number(context))
  return context.sql.cond(context.sql.isNaN(exact), aggregate(context.sql, 'avg', number(context)), exact) as ExprNode
}

type Distinct = Expectation & { readonly type: 'distinctInSet' | 'distinctContainSet' | 'distinctEqualSet' }

/** Values of a column that are listed where an expectation of its set of values fails. */
const SHOWN = 100
/** Values up to which each is counted. */
const FEW = 12

/**
 * An expectation of the set of a column's values. What is in the set and what is not are counted in the common scan; the values are listed
 * where it fails.
 */
const distinct = (said: string, counted: { surplus: boolean; absent: boolean }): Entry<Distinct> => ({
  fits: 'any',
  columns: one,
  sentence: ({ column, values }) => `the values of ${column} ${said} ${listed(values)}`,
  refuse: ({ values }) => (values.length === 0 ? 'its set of values is empty' : undefined),
  misfit: ({ values }, [column]) => foreign(column, values),
  plan(context, { values }): Plan {
    const { sql, columns, condition } = context
    const [c] = columns
    const there = sql.not(c.missing)
    const looked = condition ? sql.and(condition, there) : there
    const member = isMember(sql, c, values)
    const wanted = [...new Set(values)]
    const n = scalar<number>(countIf(sql, looked))
    const outside = scalar<number>(countIf(sql, sql.and(looked, sql.not(member))))
    const countOf = (value: SetValue) => scalar<number>(countIf(sql, sql.and(looked, isMember(sql, c, [value]))))
    // few values are counted each, which is faster than to count those that occur
    const few = wanted.length <= FEW ? wanted.map(countOf) : undefined
    const inside = scalar<number>(sql.count(sql.cond(sql.and(looked, member), c.value) as ExprNode).distinct(), {
      heavy: true,
    })
    return {
      needs: counted.absent ? [n, outside, ...(few ?? [inside])] : [n, outside],
      finish(read) {
        const elements = Number(read(n))
        const absent =
          counted.absent && (few ? few.some((wish) => Number(read(wish)) === 0) : Number(read(inside)) < wanted.length)
        const surplus = counted.surplus && Number(read(outside)) > 0
        if (!absent && !surplus) return { by: 'whole', elements, holds: true, observed: null }
        const { expression, read: cell } = countable(context, c)
        const all = valueCounts([expression], { where: looked, limit: SHOWN + 1 })
        const strange = valueCounts([expression], { where: sql.and(looked, sql.not(member)), limit: SHOWN })
        const each = absent ? wanted.map(countOf) : []
        return {
          needs: [all, strange, ...each],
          finish: (then) => ({
            by: 'whole',
            elements,
            holds: false,
            observed: then(all).length > SHOWN ? null : then(all).map(({ values }) => cell(values[0])),
            details: {
              unexpectedValues: counted.surplus ? then(strange).map(({ values }) => cell(values[0])) : [],
              missingValues: absent ? wanted.filter((_, i) => Number(then(each[i])) === 0) : [],
            },
          }),
        }
      },
    }
  },
})

/** Expectations of one number. Conventions: sample deviation (n - 1), linear quantiles, null for no values. */
export const aggregateEntries = {
  minBetween: numeric('the minimum', 'ordered', extreme('min')),
  maxBetween: numeric('the maximum', 'ordered', extreme('max')),
  meanBetween: numeric('the mean', 'number', mean),
  medianBetween: numeric('the median', 'number', (c) => aggregate(c.sql, 'median', number(c)), { heavy: true }),
  stdevBetween: numeric('the standard deviation', 'number', (c) => aggregate(c.sql, 'stddev_samp', number(c))),
  sumBetween: numeric('the sum', 'number', (c) => c.sql.coalesce(total(c), c.sql.literal(0))),
  quantileBetween: numeric(
    'the quantile',
    'number',
    (c, { quantile = 0.5 }) => aggregate(c.sql, 'quantile_cont', number(c), c.sql.literal(quantile)),
    { heavy: true },
  ),
  uniqueCountBetween: numeric('the number of distinct values', 'any', (c) => c.sql.count(present(c)).distinct(), {
    heavy: true,
  }),
  proportionUniqueBetween: numeric(
    'the share of distinct values',
    'any',
    (c) => {
      const n = c.sql.count(present(c))
      const share = c.sql.div(n.distinct(), call(c.sql, 'nullif', n, c.sql.literal(0)))
      return c.sql.coalesce(share, c.sql.literal(0))
    },
    { heavy: true },
  ),
  proportionNonNullBetween: numeric('the share of values that are not missing', 'any', (c) => {
    const rows = call(c.sql, 'nullif', counted(c), c.sql.literal(0))
    return c.sql.coalesce(c.sql.div(c.sql.count(present(c)), rows), c.sql.literal(0))
  }),
  distinctInSet: distinct('are all in', { surplus: true, absent: false }),
  distinctContainSet: distinct('contain all of', { surplus: false, absent: true }),
  distinctEqualSet: distinct('are exactly', { surplus: true, absent: true }),
} as const satisfies Readonly<Record<string, Entry<never>>>
