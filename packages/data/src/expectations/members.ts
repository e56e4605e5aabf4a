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
  return like.length === 0
    ? sql.literal(false)
    : sql.isIn(
        value,
        like.map((v) => setLiteral(sql, type, v)),
      )
}

/** Returns a value of a set in SQL; what is not finite has no literal of its own. */
export const setLiteral = (sql: Sql, type: ColumnType | undefined, value: SetValue): ExprNode =>
  typeof value === 'number' && !Number.isFinite(value)
    ? sql.cast(sql.literal(String(value)), 'DOUBLE')
    : literalOf(sql, type ?? 'string', value)
