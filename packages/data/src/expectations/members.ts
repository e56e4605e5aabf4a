import type { ExprNode } from '@uwdata/mosaic-sql'
import type { Sql } from '../engine.ts'
import type { ColumnInfo } from '../relation.ts'
import { literalOf } from '../rules.ts'
import { type ColumnType, isComparable } from '../schema.ts'
import type { SetValue } from './expectation.ts'

const isTime = (type: ColumnType | undefined): boolean => type === 'date' || type === 'timestamp'

/** Tells whether a value could equal one of a type: numbers equal numbers, texts texts (3 is 3.0, and "3" is not 3). */
export function canEqual(type: ColumnType | undefined, value: SetValue): boolean {
  if (type === 'int' || type === 'float') return typeof value === 'number'
  if (type === 'bool') return typeof value === 'boolean'
  return typeof value === 'string'
}

/** Returns why no value of a set can be found in a column, if that is so. */
export function foreign({ name, type, sqlType }: ColumnInfo, values: readonly SetValue[] | null): string | undefined {
  if (values === null || values.length === 0) return undefined
  if (isTime(type))
    for (const value of values)
      if (typeof value !== 'string' || !isComparable(type, value))
        return `the column "${name}" is ${sqlType} and never equals ${JSON.stringify(value)}`
  return values.some((value) => value === null || canEqual(type, value))
    ? undefined
    : `the column "${name}" is ${sqlType} and never equals ${JSON.stringify(values[0])}`
}

/** Returns the condition that a value is one of a set; those of other types are never equal. */
export function isMember(
  sql: Sql,
  { value, type }: { readonly value: ExprNode; readonly type: ColumnType | undefined },
  values: readonly SetValue[],
): ExprNode {
  const like = values.filter((v) => v !== null && canEqual(type, v))
  return oneOf(
    sql,
    value,
    like.map((v) => setLiteral(sql, type, v)),
  )
}

/** Values up to which comparing with each is faster than looking up. */
const FEW = 64

/**
 * Returns the condition that a value is one of some others. The engine's IN goes through its list for every row, and takes 30 times as long as
 * comparisons that stop at the first that holds; many values are looked up in a table made of them.
 */
export function oneOf(sql: Sql, value: ExprNode, list: readonly ExprNode[]): ExprNode {
  if (list.length === 0) return sql.literal(false)
  if (list.length === 1) return sql.eq(value, list[0])
  if (list.length <= FEW) return sql.or(...list.map((one) => sql.eq(value, one)))
  return new sql.BinaryOpNode('IN', value, sql.verbatim(`(SELECT unnest([${list.join(', ')}]))`))
}

/** Returns a value of a set in SQL; what is not finite has no literal of its own. */
export const setLiteral = (sql: Sql, type: ColumnType | undefined, value: SetValue): ExprNode =>
  typeof value === 'number' && !Number.isFinite(value)
    ? sql.cast(sql.literal(String(value)), 'DOUBLE')
    : typeof value === 'string' && (type === 'string' || type === undefined)
      ? textLiteral(sql, value)
      : literalOf(sql, type ?? 'string', value)

/** Returns a text in SQL. A statement ends at its first NUL, so that character is written by its number. */
export const textLiteral = (sql: Sql, text: string): ExprNode =>
  text.includes('\0')
    ? new sql.FunctionNode(
        'concat',
        text.split(/(\0)/).map((part) => (part === '\0' ? sql.verbatim('chr(0)') : sql.literal(part))),
      )
    : sql.literal(text)
