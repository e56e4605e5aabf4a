import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, ColumnInfo, Expression } from '../relation.ts'
import { isComparable } from '../schema.ts'
import { parseCondition } from './conditionText.ts'
import type { SetValue } from './expectation.ts'
import { canEqual, isMember, setLiteral } from './members.ts'

/** How a row condition compares. */
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='

/**
 * Which rows are looked at, as plain data. A comparison with a missing value is neither true nor false: such rows are
 * looked at only by `isNull`.
 */
export type RowCondition =
  | { readonly column: string; readonly operator: Comparison; readonly value: SetValue | { readonly column: string } }
  | { readonly column: string; readonly operator: 'in' | 'notIn'; readonly value: readonly SetValue[] }
  | { readonly column: string; readonly operator: 'isNull' | 'notNull'; readonly value?: undefined }
  | { readonly and: readonly RowCondition[] }
  | { readonly or: readonly RowCondition[] }
  | { readonly not: RowCondition }

/** Comparisons that one condition may have. Source: Great Expectations 1.24. */
const MOST = 100

/** Tells whether a condition is plain data (and not a tree of SQL). */
export const isPlain = (where: unknown): where is RowCondition =>
  typeof where === 'object' && where !== null && Object.getPrototypeOf(where) === Object.prototype

/** Returns the plain form of a condition; throws `EXPECTATION_INVALID` where it makes no sense. Trees are left as they are. */
export function plainCondition(where: Expression | RowCondition | string): RowCondition | Expression {
  if (typeof where === 'string') return checked(parseCondition(where))
  return isPlain(where) ? checked(where) : where
}

const OPERATORS = new Set(['==', '!=', '<', '<=', '>', '>=', 'in', 'notIn', 'isNull', 'notNull'])

function checked(condition: RowCondition): RowCondition {
  const refuse = (message: string): never => {
    throw new PodError('EXPECTATION_INVALID', `a row condition ${message}`)
  }
  const parts = leaves(condition, refuse)
  if (parts.length > MOST) refuse(`has ${parts.length} comparisons, and ${MOST} are allowed`)
  for (const part of parts) {
    if (typeof part.column !== 'string' || !OPERATORS.has(part.operator))
      refuse(`is ${JSON.stringify(part)}, which has no column or no operator`)
    if (part.operator === 'isNull' || part.operator === 'notNull') continue
    if (part.value === undefined || part.value === null)
      refuse(`compares "${part.column}" with nothing: the operators for that are isNull and notNull`)
    if ((part.operator === 'in' || part.operator === 'notIn') !== Array.isArray(part.value))
      refuse(`compares "${part.column}" by ${part.operator} with ${JSON.stringify(part.value)}`)
  }
  return condition
}

type Leaf = Extract<RowCondition, { readonly column: string }>

function leaves(condition: RowCondition, refuse: (message: string) => never): Leaf[] {
  if ('not' in condition) return leaves(condition.not, refuse)
  const list = 'and' in condition ? condition.and : 'or' in condition ? condition.or : undefined
  if (list === undefined) return [condition as Leaf]
  if (!Array.isArray(list) || list.length === 0) refuse('joins no conditions')
  return list.flatMap((part) => leaves(part, refuse))
}

/**
 * Returns a row condition as a tree that is true, or false or NULL. Throws `COLUMN_UNKNOWN`, and `COLUMN_TYPE` for values that never
 * compare with their column.
 */
export function conditionTree(
  data: AnyRelation,
  where: Expression | RowCondition | string,
  found: ReadonlyMap<string, ColumnInfo>,
): ExprNode {
  const { sql } = data.engine
  const plain = plainCondition(where)
  if (isPlain(plain)) return compile(plain)
  const tree = typeof plain === 'function' ? plain(sql) : (plain as ExprNode)
  for (const { column } of sql.collectColumns(tree)) if (!found.has(column)) throw unknownColumn(column, data.columns)
  return sql.coalesce(tree, sql.literal(false))

  function compile(condition: RowCondition): ExprNode {
    if ('and' in condition) return sql.and(...condition.and.map(compile))
    if ('or' in condition) return sql.or(...condition.or.map(compile))
    if ('not' in condition) return sql.not(compile(condition.not))
    const { value, missing, type, info } = columnOf(condition.column)
    // NaN is missing, so it compares as NULL does
    const there = type === 'float' ? (sql.cond(sql.not(missing), value) as ExprNode) : value
    if (condition.operator === 'isNull') return missing
    if (condition.operator === 'notNull') return sql.not(missing)
    if (condition.operator === 'in' || condition.operator === 'notIn') {
      const member = isMember(sql, { value: there, type }, condition.value)
      const is = sql.cond(sql.not(missing), member) as ExprNode
      return condition.operator === 'in' ? is : sql.not(is)
    }
    const { value: against } = condition as { readonly value: SetValue | { readonly column: string } }
    const compare = COMPARE[condition.operator]
    if (typeof against === 'object') return new sql.BinaryOpNode(compare, there, columnOf(against.column).value)
    if (!canEqual(type, against) || !isComparable(type, against))
      throw new PodError(
        'COLUMN_TYPE',
        `the column "${condition.column}" is ${info.sqlType} and cannot be compared with ${JSON.stringify(against)}`,
      )
    return new sql.BinaryOpNode(compare, there, setLiteral(sql, type, against))
  }

  function columnOf(name: string) {
    const info = found.get(name)
    if (info === undefined) throw unknownColumn(name, data.columns)
    const value = sql.column(name)
    const missing = info.type === 'float' ? sql.or(sql.isNull(value), sql.isNaN(value)) : sql.isNull(value)
    return { value, missing, type: info.type, info }
  }
}

const COMPARE: Readonly<Record<Comparison, string>> = {
  '==': '=',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}
