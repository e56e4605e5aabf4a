import type { ExprNode } from '@uwdata/mosaic-sql'
import type { Sql } from '../engine.ts'
import { isBeyondRe2, literalOf } from '../rules.ts'
import type { Expectation, MapEntry, Of, UniqueEntry, ValueOfColumn } from './expectation.ts'

const one = ({ column }: { readonly column: string }): readonly string[] => [column]
const all = ({ columns }: { readonly columns: readonly string[] }): readonly string[] => columns

/** Says a range in words. */
export function range({
  min,
  max,
  strictMin,
  strictMax,
}: Pick<Of<'between'>, 'min' | 'max' | 'strictMin' | 'strictMax'>): string {
  const lower = min === undefined ? undefined : `${strictMin ? 'above' : 'at least'} ${min}`
  const upper = max === undefined ? undefined : `${strictMax ? 'below' : 'at most'} ${max}`
  return [lower, upper].filter(Boolean).join(' and ') || 'anything'
}

/** Returns what is wrong with a range. */
export function refuseRange({ min, max }: { min?: number | string; max?: number | string }): string | undefined {
  if (Number.isNaN(min) || Number.isNaN(max)) return 'a bound is NaN'
  return min !== undefined && max !== undefined && min > max
    ? `its minimum ${min} is above its maximum ${max}`
    : undefined
}

const list = (values: readonly unknown[]): string => `{ ${values.join(', ')} }`

const refusePattern = ({ pattern }: { readonly pattern: string }): string | undefined => {
  if (isBeyondRe2(pattern)) return `the pattern ${pattern} looks around or back, which SQL cannot`
  try {
    new RegExp(pattern, 'su')
    return undefined
  } catch {
    return `the pattern ${pattern} is no regular expression`
  }
}

const text = (sql: Sql, value: ExprNode): ExprNode => sql.cast(value, 'VARCHAR')

type SetOf = Expectation & { readonly type: 'inSet' | 'notInSet' }
const isIn = (sql: Sql, { value, type }: ValueOfColumn, { values }: SetOf): ExprNode =>
  values.length === 0
    ? sql.literal(false)
    : sql.isIn(
        value,
        values.map((v) => literalOf(sql, type, v)),
      )

type Regex = Expectation & { readonly type: 'matchRegex' | 'notMatchRegex' }
const matches = (sql: Sql, { value }: ValueOfColumn, { pattern }: Regex): ExprNode =>
  new sql.FunctionNode('regexp_matches', [text(sql, value), sql.literal(pattern), sql.literal('s')])

type Like = Expectation & { readonly type: 'matchLike' | 'notMatchLike' }
const isLike = (sql: Sql, { value }: ValueOfColumn, { pattern }: Like): ExprNode =>
  new sql.BinaryOpNode('LIKE', text(sql, value), sql.literal(pattern))

const never = ({ sql }: { sql: Sql }): ExprNode => sql.literal(false)

/** Expectations of each row. */
export const mapEntries = {
  between: {
    kind: 'map',
    fits: 'ordered',
    columns: one,
    sentence: (e: Of<'between'>) => `${e.column} is ${range(e)}`,
    refuse: refuseRange,
    unexpected({ sql, columns: [c] }, { min, max, strictMin, strictMax }) {
      const parts: ExprNode[] = []
      if (min !== undefined) parts.push((strictMin ? sql.lte : sql.lt)(c.value, literalOf(sql, c.type, min)))
      if (max !== undefined) parts.push((strictMax ? sql.gte : sql.gt)(c.value, literalOf(sql, c.type, max)))
      return parts.length === 0 ? sql.literal(false) : sql.or(...parts)
    },
  } satisfies MapEntry<Of<'between'>>,
  inSet: {
    kind: 'map',
    fits: 'any',
    columns: one,
    sentence: (e: SetOf) => `${e.column} is one of ${list(e.values)}`,
    unexpected: ({ sql, columns: [c] }, e) => sql.not(isIn(sql, c, e)),
  } satisfies MapEntry<SetOf>,
  notInSet: {
    kind: 'map',
    fits: 'any',
    columns: one,
    sentence: (e: SetOf) => `${e.column} is none of ${list(e.values)}`,
    unexpected: ({ sql, columns: [c] }, e) => isIn(sql, c, e),
  } satisfies MapEntry<SetOf>,
  null: {
    kind: 'map',
    fits: 'any',
    columns: one,
    sentence: (e: { column: string }) => `${e.column} is missing`,
    ignored: never,
    unexpected: ({ sql, columns: [c] }) => sql.not(c.missing),
  } satisfies MapEntry<{ column: string }>,
  notNull: {
    kind: 'map',
    fits: 'any',
    columns: one,
    sentence: (e: { column: string }) => `${e.column} is not missing`,
    ignored: never,
    unexpected: ({ columns: [c] }) => c.missing,
  } satisfies MapEntry<{ column: string }>,
  lengthBetween: {
    kind: 'map',
    fits: 'text',
    columns: one,
    sentence: (e: Of<'lengthBetween'>) => `${e.column} has a length of ${range(e)}`,
    refuse: refuseRange,
    unexpected: ({ sql, columns: [c] }, { min = 0, max = Number.MAX_SAFE_INTEGER }) =>
      sql.isNotBetween(new sql.FunctionNode('length', [c.value]), [sql.literal(min), sql.literal(max)]),
  } satisfies MapEntry<Of<'lengthBetween'>>,
  matchRegex: {
    kind: 'map',
    fits: 'any',
    columns: one,
    sentence: (e: Regex) => `${e.column} matches ${e.pattern}`,
    refuse: refusePattern,
    unexpected: ({ sql, columns: [c] }, e) => sql.not(matches(sql, c, e)),
  } satisfies MapEntry<Regex>,
  notMatchRegex: {
    kind: 'map',
    fits: 'any',
    columns: one,
    sentence: (e: Regex) => `${e.column} does not match ${e.pattern}`,
    refuse: refusePattern,
    unexpected: ({ sql, columns: [c] }, e) => matches(sql, c, e),
  } satisfies MapEntry<Regex>,
  matchLike: {
    kind: 'map',
    fits: 'any',
    columns: one,
    sentence: (e: Like) => `${e.column} is like ${e.pattern}`,
    unexpected: ({ sql, columns: [c] }, e) => sql.not(isLike(sql, c, e)),
  } satisfies MapEntry<Like>,
  notMatchLike: {
    kind: 'map',
    fits: 'any',
    columns: one,
    sentence: (e: Like) => `${e.column} is not like ${e.pattern}`,
    unexpected: ({ sql, columns: [c] }, e) => isLike(sql, c, e),
  } satisfies MapEntry<Like>,
  columnPairGreater: {
    kind: 'map',
    fits: 'ordered',
    columns: all,
    sentence: (e: Of<'columnPairGreater'>) => `${e.columns[0]} is ${e.orEqual ? 'at least' : 'above'} ${e.columns[1]}`,
    // a row is looked at unless both values are missing; one missing value is greater than nothing
    ignored: ({ sql, columns: [a, b] }) => sql.and(a.missing, b.missing),
    unexpected: ({ sql, columns: [a, b] }, { orEqual = false }) =>
      sql.not(sql.coalesce((orEqual ? sql.gte : sql.gt)(a.value, b.value), sql.literal(false))),
  } satisfies MapEntry<Of<'columnPairGreater'>>,
  columnPairEqual: {
    kind: 'map',
    fits: 'any',
    columns: all,
    sentence: (e: Of<'columnPairEqual'>) => `${e.columns[0]} equals ${e.columns[1]}`,
    ignored: ({ sql, columns: [a, b] }) => sql.and(a.missing, b.missing),
    unexpected: ({ sql, columns: [a, b] }) => sql.not(sql.coalesce(sql.eq(a.value, b.value), sql.literal(false))),
  } satisfies MapEntry<Of<'columnPairEqual'>>,
  multicolumnSumEqual: {
    kind: 'map',
    fits: 'number',
    columns: all,
    sentence: (e: Of<'multicolumnSumEqual'>) => `${e.columns.join(' + ')} is ${e.total}`,
    ignored: ({ sql, columns }) => sql.and(...columns.map((c) => c.missing)),
    // a missing summand adds nothing
    unexpected({ sql, columns }, { total, tolerance = 0 }) {
      const zero = sql.literal(0)
      const sum = columns.map((c) => sql.cond(c.missing, zero, c.value) as ExprNode).reduce((a, b) => sql.add(a, b))
      return sql.gt(sql.abs(sql.sub(sum, sql.literal(total))), sql.literal(tolerance))
    },
  } satisfies MapEntry<Of<'multicolumnSumEqual'>>,
} as const

/** Expectations that need rows of equal values counted. */
export const uniqueEntries = {
  unique: {
    kind: 'unique',
    fits: 'any',
    columns: one,
    sentence: (e: { column: string }) => `${e.column} holds no value twice`,
  } satisfies UniqueEntry<{ column: string }>,
  compoundUnique: {
    kind: 'unique',
    fits: 'any',
    columns: all,
    sentence: (e: Of<'compoundUnique'>) => `(${e.columns.join(', ')}) holds no row twice`,
  } satisfies UniqueEntry<Of<'compoundUnique'>>,
} as const
