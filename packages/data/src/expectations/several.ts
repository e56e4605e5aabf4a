import type { ExprNode } from '@uwdata/mosaic-sql'
import type { ColumnInfo } from '../relation.ts'
import type { ColumnType } from '../schema.ts'
import type { Expectation, IgnoreRows, Of, SetValue } from './expectation.ts'
import { canEqual, setLiteral } from './members.ts'
import { all, type Context, type Entry, rows, type ValueOfColumn } from './plan.ts'

/** Rows of several columns that are not looked at. */
export function ignoredRows({ sql, columns }: Context, ignore: IgnoreRows = 'allMissing'): ExprNode {
  const missing = columns.map((c) => c.missing)
  return ignore === 'never' ? sql.literal(false) : (ignore === 'anyMissing' ? sql.or : sql.and)(...missing)
}

/** Numbers of all kinds compare with each other, and days with moments; everything else with its like. */
const kindOf = (type: ColumnType | undefined): string | undefined =>
  type === 'int' || type === 'float' ? 'number' : type === 'timestamp' ? 'date' : type
const alike = (a: { type?: ColumnType }, b: { type?: ColumnType }): boolean => kindOf(a.type) === kindOf(b.type)

const comparable = (_: unknown, [a, b]: readonly ColumnInfo[]): string | undefined =>
  alike(a, b)
    ? undefined
    : `the column "${b.name}" is ${b.sqlType} and cannot be compared with "${a.name}", which is ${a.sqlType}`

/** Equal, where two missing values are equal too; values of two kinds never are. */
function same({ sql }: Context, a: ValueOfColumn, b: ValueOfColumn): ExprNode {
  const missing = sql.and(a.missing, b.missing)
  return alike(a, b) ? sql.or(missing, sql.coalesce(sql.eq(a.value, b.value), sql.literal(false))) : missing
}

const pairsOf = <T>(list: readonly T[]): [T, T][] =>
  list.flatMap((a, i) => list.slice(i + 1).map((b): [T, T] => [a, b]))

const refuseFew = ({ columns }: { readonly columns: readonly string[] }): string | undefined =>
  columns.length < 2 ? 'it names less than two columns' : undefined
const refusePair = ({ columns }: { readonly columns: readonly string[] }): string | undefined =>
  columns.length === 2 ? undefined : `it names ${columns.length} columns and not two`

type Within = Expectation & { readonly type: 'uniqueWithinRecord' | 'multicolumnUnique' }
const uniqueWithin: Entry<Within> = {
  fits: 'any',
  columns: all,
  sentence: (e) => `${e.columns.join(', ')} differ from each other in each row`,
  refuse: refuseFew,
  plan: (context, { ignoreRowIf }) =>
    rows(context, {
      ignored: ignoredRows(context, ignoreRowIf),
      unexpected: context.sql.or(...pairsOf(context.columns).map(([a, b]) => same(context, a, b))),
    }),
}

/** Expectations of each row of several columns. */
export const severalEntries = {
  columnPairGreater: {
    fits: 'ordered',
    columns: all,
    sentence: (e: Of<'columnPairGreater'>) => `${e.columns[0]} is ${e.orEqual ? 'at least' : 'above'} ${e.columns[1]}`,
    refuse: refusePair,
    misfit: comparable,
    // a row is looked at unless both values are missing; one missing value is greater than nothing
    plan(context, { orEqual = false, ignoreRowIf }) {
      const { sql, columns } = context
      const [a, b] = columns
      const there = sql.not(sql.or(a.missing, b.missing))
      const greater = (orEqual ? sql.gte : sql.gt)(a.value, b.value)
      return rows(context, {
        ignored: ignoredRows(context, ignoreRowIf),
        unexpected: sql.not(sql.and(there, greater)),
      })
    },
  } satisfies Entry<Of<'columnPairGreater'>>,
  columnPairEqual: {
    fits: 'any',
    columns: all,
    sentence: (e: Of<'columnPairEqual'>) => `${e.columns[0]} equals ${e.columns[1]}`,
    refuse: refusePair,
    misfit: comparable,
    // a missing value equals nothing, not even another
    plan(context, { ignoreRowIf }) {
      const { sql, columns } = context
      const [a, b] = columns
      const there = sql.not(sql.or(a.missing, b.missing))
      return rows(context, {
        ignored: ignoredRows(context, ignoreRowIf),
        unexpected: sql.not(sql.and(there, sql.eq(a.value, b.value))),
      })
    },
  } satisfies Entry<Of<'columnPairEqual'>>,
  columnPairInSet: {
    fits: 'any',
    columns: all,
    sentence: ({ columns: [a, b], pairs }: Of<'columnPairInSet'>) => `(${a}, ${b}) is one of ${pairs.length} pairs`,
    refuse: (e) =>
      e.pairs.every((pair) => Array.isArray(pair) && pair.length === 2)
        ? refusePair(e)
        : 'one of its pairs has not two values',
    plan(context, { pairs, ignoreRowIf }) {
      const { sql, columns } = context
      const is = (c: ValueOfColumn, value: SetValue | null): ExprNode =>
        value === null
          ? c.missing
          : canEqual(c.type, value)
            ? sql.coalesce(sql.eq(c.value, setLiteral(sql, c.type, value)), sql.literal(false))
            : sql.literal(false)
      const listed = pairs.map((pair) => sql.and(...pair.map((value, i) => is(columns[i], value))))
      return rows(context, {
        ignored: ignoredRows(context, ignoreRowIf),
        unexpected: listed.length === 0 ? sql.literal(true) : sql.not(sql.or(...listed)),
      })
    },
  } satisfies Entry<Of<'columnPairInSet'>>,
  uniqueWithinRecord: uniqueWithin,
  multicolumnUnique: uniqueWithin,
  multicolumnEqual: {
    fits: 'any',
    columns: all,
    sentence: (e: Of<'multicolumnEqual'>) => `${e.columns.join(', ')} are equal in each row`,
    refuse: refuseFew,
    plan: (context, { ignoreRowIf }) => {
      const [first, ...rest] = context.columns
      return rows(context, {
        ignored: ignoredRows(context, ignoreRowIf),
        unexpected: context.sql.not(context.sql.and(...rest.map((c) => same(context, first, c)))),
      })
    },
  } satisfies Entry<Of<'multicolumnEqual'>>,
  multicolumnSumEqual: {
    fits: 'number',
    columns: all,
    sentence: (e: Of<'multicolumnSumEqual'>) => `${e.columns.join(' + ')} is ${e.total}`,
    // a missing summand adds nothing
    plan(context, { total, tolerance = 0, ignoreRowIf }) {
      const { sql, columns } = context
      const zero = sql.literal(0)
      const sum = columns.map((c) => sql.cond(c.missing, zero, c.value) as ExprNode).reduce((a, b) => sql.add(a, b))
      return rows(context, {
        ignored: ignoredRows(context, ignoreRowIf),
        unexpected: sql.gt(sql.abs(sql.sub(sum, sql.literal(total))), sql.literal(tolerance)),
      })
    },
  } satisfies Entry<Of<'multicolumnSumEqual'>>,
} as const
