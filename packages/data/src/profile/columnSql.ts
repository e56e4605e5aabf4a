import { identifier } from '../engine.ts'
import { untyped } from '../query.ts'
import type { AnyRelation, ColumnInfo } from '../relation.ts'

/** The query of these columns alone: a statement costs the columns that it names. */
export const columnsSql = (data: AnyRelation, columns: readonly { readonly name: string }[]): string =>
  untyped(data)
    .select(...columns.map(({ name }) => name))
    .toSQL()

export const isNumber = ({ type }: ColumnInfo): boolean => type === 'int' || type === 'float'
export const isDate = ({ type }: ColumnInfo): boolean => type === 'date' || type === 'timestamp'
/** Types that are looked at as the texts that they are written as. */
export const isText = ({ type, sqlType }: ColumnInfo): boolean =>
  type === 'string' || /^(UUID|TIME|INTERVAL|BIT)\b/.test(sqlType)

/** SQL of the numbers of a column; moments as milliseconds since 1970, infinite ones missing. */
export function numberSql({ name, type, sqlType }: ColumnInfo): string {
  const column = identifier(name)
  if (type === 'int' || type === 'float') return `CAST(${column} AS DOUBLE)`
  const moment = sqlType.includes('TIME ZONE') ? column : `CAST(${column} AS TIMESTAMP)`
  return `CASE WHEN isfinite(${column}) THEN epoch_us(${moment}) / 1000.0 END`
}

/** SQL of a number that is missing where it is infinite. */
export const finiteSql = ({ type }: ColumnInfo, expression: string): string =>
  type === 'float' ? `CASE WHEN isfinite(${expression}) THEN ${expression} END` : expression
