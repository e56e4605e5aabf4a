import { didYouMean } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { literalOf } from '../rules.ts'
import { isComparable } from '../schema.ts'
import type { Bounds, Expectation, Of } from './expectation.ts'
import { foreign, isMember, textLiteral } from './members.ts'
import {
  type Context,
  call,
  count,
  type Entry,
  type Found,
  known,
  one,
  type Plan,
  rows,
  type ValueOfColumn,
} from './plan.ts'
import { given, listed, range, refuseRange } from './range.ts'
import { isOfType, meaningOf, typeNames } from './typeNames.ts'

type SetOf = Expectation & { readonly type: 'inSet' | 'notInSet' }
type OfOne = { readonly column: string }

/** A bound in SQL: a moment where a day is compared with one, else a value of the column's own type. */
const boundOf = ({ sql }: Context, { type }: ValueOfColumn, bound: number | string): ExprNode =>
  typeof bound === 'number' && !Number.isFinite(bound)
    ? sql.cast(sql.literal(String(bound)), 'DOUBLE')
    : type === 'string'
      ? textLiteral(sql, String(bound))
      : literalOf(sql, type === 'date' && String(bound).length > 10 ? 'timestamp' : (type ?? 'string'), bound)

/** Rows whose value lies outside of a range. */
function outside(context: Context, value: ExprNode, { min, max, strictMin, strictMax }: Bounds): ExprNode {
  const { sql, columns } = context
  const [c] = columns
  const parts: ExprNode[] = []
  if (given(min)) parts.push((strictMin ? sql.lte : sql.lt)(value, boundOf(context, c, min)))
  if (given(max)) parts.push((strictMax ? sql.gte : sql.gt)(value, boundOf(context, c, max)))
  return parts.length === 0 ? sql.literal(false) : sql.or(...parts)
}

/** The verdict on a column whose type is all that matters; names that mean no type are told. */
function typed({ columns: [{ sqlType }] }: Context, names: readonly string[] | null): Plan {
  const holds = names === null || isOfType(sqlType, names)
  const unknown = holds ? undefined : names.find((name) => meaningOf(name) === undefined)
  const hint = unknown && { hint: `no type is called "${unknown}"${didYouMean(unknown, typeNames)}` }
  return known(holds, sqlType, hint)
}

/** Rows with or without a value, and how many of those without one hold NaN. */
function byMissing(context: Context, unexpected: ExprNode): Plan {
  const { sql, columns } = context
  const [{ value, sqlType }] = columns
  const plan = rows(context, { ignored: sql.literal(false), unexpected })
  if (sqlType !== 'DOUBLE' && sqlType !== 'FLOAT') return plan
  const nan = count(context, sql.isNaN(value))
  return {
    needs: [...plan.needs, nan],
    finish: (read) => {
      const n = Number(read(nan))
      const found = plan.finish(read) as Found
      return n === 0 ? found : { ...found, details: { nan: n } }
    },
  }
}

/** Expectations of each row of one column. */
export const mapEntries = {
  between: {
    fits: 'ordered',
    columns: one,
    sentence: (e: Of<'between'>) => `${e.column} is ${range(e)}`,
    refuse: refuseRange,
    misfit({ min, max }, [{ name, type, sqlType }]) {
      const isText = type === 'string' || type === 'date' || type === 'timestamp'
      for (const bound of [min, max])
        if (
          given(bound) &&
          ((typeof bound === 'string') !== isText ||
            !(isComparable(type, bound) || (type === 'date' && isComparable('timestamp', bound))))
        )
          return `the column "${name}" is ${sqlType} and cannot be compared with ${JSON.stringify(bound)}`
      return undefined
    },
    plan: (context, e) => rows(context, { unexpected: outside(context, context.columns[0].value, e) }),
  } satisfies Entry<Of<'between'>>,
  inSet: {
    fits: 'any',
    columns: one,
    sentence: (e: SetOf) => `${e.column} is one of ${listed(e.values)}`,
    misfit: ({ values }, [column]) => foreign(column, values),
    plan: (context, { values }) => {
      const { sql, columns } = context
      return rows(context, {
        unexpected: values === null ? sql.literal(false) : sql.not(isMember(sql, columns[0], values)),
      })
    },
  } satisfies Entry<SetOf>,
  notInSet: {
    fits: 'any',
    columns: one,
    sentence: (e: SetOf) => `${e.column} is none of ${listed(e.values)}`,
    misfit: ({ values }, [column]) => foreign(column, values),
    plan: (context, { values }) =>
      rows(context, { unexpected: isMember(context.sql, context.columns[0], values ?? []) }),
  } satisfies Entry<SetOf>,
  null: {
    fits: 'any',
    columns: one,
    sentence: (e: OfOne) => `${e.column} is missing`,
    plan: (context) => byMissing(context, context.sql.not(context.columns[0].missing)),
  } satisfies Entry<OfOne>,
  notNull: {
    fits: 'any',
    columns: one,
    sentence: (e: OfOne) => `${e.column} is not missing`,
    plan: (context) => byMissing(context, context.columns[0].missing),
  } satisfies Entry<OfOne>,
  lengthBetween: {
    fits: 'text',
    columns: one,
    sentence: (e: Of<'lengthBetween'>) => `${e.column} has a length of ${range(e)}`,
    refuse: refuseRange,
    plan(context, { min, max, strictMin, strictMax }) {
      const { sql, columns } = context
      // code points, as Python counts them
      const length = call(sql, 'length', columns[0].value)
      const parts: ExprNode[] = []
      if (given(min)) parts.push((strictMin ? sql.lte : sql.lt)(length, sql.literal(min)))
      if (given(max)) parts.push((strictMax ? sql.gte : sql.gt)(length, sql.literal(max)))
      return rows(context, { unexpected: parts.length === 0 ? sql.literal(false) : sql.or(...parts) })
    },
  } satisfies Entry<Of<'lengthBetween'>>,
  lengthEqual: {
    fits: 'text',
    columns: one,
    sentence: ({ column, length }: Of<'lengthEqual'>) => `${column} has a length of ${length}`,
    refuse: ({ length }) => (Number.isInteger(length) && length >= 0 ? undefined : `${length} is no length`),
    plan: (context, { length }) => {
      const { sql, columns } = context
      return rows(context, { unexpected: sql.neq(call(sql, 'length', columns[0].value), sql.literal(length)) })
    },
  } satisfies Entry<Of<'lengthEqual'>>,
  ofType: {
    fits: 'any',
    columns: one,
    sentence: ({ column, dataType }: Of<'ofType'>) => `${column} holds values of the type ${dataType}`,
    plan: (context, { dataType }) => typed(context, [dataType]),
  } satisfies Entry<Of<'ofType'>>,
  inTypeList: {
    fits: 'any',
    columns: one,
    sentence: ({ column, dataTypes }: Of<'inTypeList'>) =>
      `${column} holds values of one of the types ${listed(dataTypes)}`,
    plan: (context, { dataTypes }) => typed(context, dataTypes),
  } satisfies Entry<Of<'inTypeList'>>,
} as const
