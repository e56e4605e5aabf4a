import { PodError } from '@mlpod/contract'
import { type ColumnArray, relationOf } from '../ingest.ts'
import type { Cell, Relation } from '../relation.ts'
import { type Column, type ColumnType, checkColumns, type RowSchema } from '../schema.ts'

/** A value of a cell as a library gives it. */
export type Value = string | number | bigint | boolean | Date | Moment | Day | null | undefined
/** A moment in ISO 8601 that has more digits than a Date. */
interface Moment {
  readonly moment: string
}
/** A day in ISO 8601. */
interface Day {
  readonly day: string
}

/**
 * Returns a relation over columns of values whose types nobody told: whole numbers, numbers, truth values, moments, and texts, in which whatever is
 * mixed ends. Throws `COLUMN_TWICE`, `COLUMN_MISSING` where there is none.
 */
export async function relationOfValues(
  columns: ReadonlyMap<string, readonly Value[]>,
  name: string,
): Promise<Relation> {
  if (columns.size === 0) throw new PodError('COLUMN_MISSING', `${name} has no columns`)
  const schema: Record<string, Column> = {}
  const data: Record<string, ColumnArray> = {}
  for (const [column, values] of columns) {
    const type = commonType(values)
    schema[column] = { type, nullable: true }
    data[column] = values.map(TAKE[type])
  }
  checkColumns(schema)
  return relationOf(data as never, { schema: { columns: schema } as RowSchema<Record<string, Cell>> })
}

const typeOfValue = (value: NonNullable<Value>): ColumnType => {
  if (typeof value === 'object') return 'day' in value ? 'date' : 'timestamp'
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return 'int'
  return ({ number: 'float', boolean: 'bool', string: 'string' } as const)[typeof value as 'number']
}

function commonType(values: readonly Value[]): ColumnType {
  const types = new Set<ColumnType>()
  for (const value of values) if (value !== null && value !== undefined) types.add(typeOfValue(value))
  if (types.size === 0) return 'string'
  const [first] = types
  if (types.size === 1) return first
  return [...types].every((type) => type === 'int' || type === 'float') ? 'float' : 'string'
}

const textOf = (value: NonNullable<Value>): string => {
  if (typeof value !== 'object') return String(value)
  if (value instanceof Date) return value.toISOString()
  return 'day' in value ? value.day : value.moment
}
const optional =
  <T>(take: (value: NonNullable<Value>) => T) =>
  (value: Value): T | null =>
    value === null || value === undefined ? null : take(value)

const TAKE: { readonly [T in ColumnType]: (value: Value) => string | number | bigint | boolean | null } = {
  int: optional((value) => (typeof value === 'bigint' ? value : Number(value))),
  float: optional(Number),
  bool: optional((value) => value === true),
  string: optional(textOf),
  date: optional(textOf),
  timestamp: optional(textOf),
}
