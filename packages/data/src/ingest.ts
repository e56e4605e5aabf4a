import { PodError } from '@mlpod/contract'
import { type Engine, identifier, newTable, openEngine } from './engine.ts'
import { fromTable, unknownColumn } from './query.ts'
import type { Cell, Relation } from './relation.ts'
import type { Column, ColumnType } from './schema.ts'
import { PARSED, SQL_TYPE } from './sqlType.ts'
import { asRowSchema, type RowOf, type SchemaLike } from './standardSchema.ts'

/** A column as an array; null, undefined and (for numbers) NaN are missing. */
export type ColumnArray = ArrayLike<number | bigint | string | boolean | null | undefined>

/** Rows as objects, or columns as arrays of one length. */
export type TableData<Row = Record<string, Cell>> = readonly Row[] | Readonly<Record<keyof Row & string, ColumnArray>>

/**
 * Returns a relation over values in memory, copied into the engine and typed by `schema`. Throws `COLUMN_MISSING`,
 * `COLUMN_UNKNOWN`, `LENGTH_MISMATCH`, and `VALUE_TYPE` naming column, row and value; no rule of the schema beyond types
 * is checked (`checkSchema` does that).
 */
export async function relationOf<S extends SchemaLike>(
  data: TableData<RowOf<S>>,
  { schema }: { readonly schema: S },
): Promise<Relation<RowOf<S>>> {
  const { columns } = asRowSchema(schema)
  const names = Object.keys(columns)
  const { rows, cell } = Array.isArray(data) ? fromRows(data, names) : fromColumns(data as never, names)
  const engine = await openEngine()
  const token = newTable()
  const staged = names.map((name) => `${identifier(name)} ${STAGE[columns[name].type].sqlType}`)
  await engine.run(`CREATE TABLE "${token.table}" (${staged.join(', ')})`)
  const entries = names.map((name) => stage(name, columns[name], cell))
  await engine.alone(() => append(engine, token.table, entries, rows))
  for (const name of names) {
    const { type } = columns[name]
    if (STAGE[type].sqlType === SQL_TYPE[type]) continue
    const column = identifier(name)
    const [bad] = await engine.read(
      `SELECT ${column} AS value FROM "${token.table}" WHERE ${column} IS NOT NULL AND (${PARSED[type](column)}) IS NULL LIMIT 1`,
    )
    if (bad !== undefined)
      throw new PodError('VALUE_TYPE', `the column "${name}" holds ${JSON.stringify(bad.value)}, which is no ${type}`, {
        hint: 'dates are YYYY-MM-DD, timestamps YYYY-MM-DDTHH:MM:SSZ',
      })
    await engine.run(
      `ALTER TABLE "${token.table}" ALTER ${column} SET DATA TYPE ${SQL_TYPE[type]} USING ${PARSED[type](column)}`,
    )
  }
  return fromTable<RowOf<S>>(engine, token, names)
}

type CellOf = (name: string) => (row: number) => unknown

function fromRows(data: readonly object[], names: readonly string[]): { rows: number; cell: CellOf } {
  const known = new Set(names)
  data.forEach((row, i) => {
    if (typeof row !== 'object' || row === null)
      throw new PodError('VALUE_TYPE', `row ${i} is ${JSON.stringify(row)} and no object`)
    for (const name of names)
      if (!(name in row))
        throw new PodError('COLUMN_MISSING', `row ${i} has no member "${name}"`, { hint: 'write null for missing' })
    for (const name of Object.keys(row)) if (!known.has(name)) throw unknownColumn(name, names, 'the schema')
  })
  return { rows: data.length, cell: (name) => (row) => (data[row] as Record<string, unknown>)[name] }
}

function fromColumns(
  data: Readonly<Record<string, ColumnArray>>,
  names: readonly string[],
): { rows: number; cell: CellOf } {
  for (const name of Object.keys(data)) if (!names.includes(name)) throw unknownColumn(name, names, 'the schema')
  const rows = data[names[0]]?.length ?? 0
  for (const name of names) {
    if (data[name] === undefined) throw new PodError('COLUMN_MISSING', `the data has no column "${name}"`)
    if (data[name].length !== rows)
      throw new PodError(
        'LENGTH_MISMATCH',
        `the column "${name}" has ${data[name].length} values, but "${names[0]}" has ${rows}`,
      )
  }
  return {
    rows,
    cell: (name) => {
      const array = data[name]
      return (row) => array[row]
    },
  }
}

/** How a value gets into the engine: the type it is staged as, and its staged form (undefined: not of the type). */
interface Stage {
  readonly sqlType: string
  readonly take: (value: unknown) => bigint | number | string | boolean | undefined
}
const whole = (value: unknown): bigint | undefined => {
  const exact = typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value as number) : undefined
  return exact === undefined || BigInt.asIntN(64, exact) !== exact ? undefined : exact
}
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const truth = (value: unknown): boolean | undefined =>
  typeof value === 'boolean' ? value : value === 0 || value === 1 ? value === 1 : undefined
const STAGE: Readonly<Record<ColumnType, Stage>> = {
  int: { sqlType: 'BIGINT', take: whole },
  float: { sqlType: 'DOUBLE', take: (value) => (typeof value === 'number' ? value : undefined) },
  bool: { sqlType: 'BOOLEAN', take: truth },
  string: { sqlType: 'VARCHAR', take: text },
  date: { sqlType: 'VARCHAR', take: text },
  timestamp: { sqlType: 'VARCHAR', take: text },
}

function stage(
  name: string,
  { type }: Column,
  cell: CellOf,
): (row: number) => bigint | number | string | boolean | null {
  const read = cell(name)
  const { take } = STAGE[type]
  return (row) => {
    const value = read(row)
    if (value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value))) return null
    const taken = take(value)
    if (taken === undefined)
      throw new PodError('VALUE_TYPE', `row ${row} of column "${name}" is ${show(value)} and no ${type}`)
    return taken
  }
}

const show = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'object'
      ? Object.prototype.toString.call(value)
      : String(value)

async function append(
  engine: Engine,
  table: string,
  columns: readonly ((row: number) => bigint | number | string | boolean | null)[],
  rows: number,
): Promise<void> {
  const appender = await engine.connection.createAppender(table)
  try {
    const types = columns.map((_, i) => appender.columnType(i))
    for (let start = 0; start < rows; start += 2048) {
      const size = Math.min(2048, rows - start)
      const chunk = engine.duckdb.DuckDBDataChunk.create(types, size)
      columns.forEach((read, i) => {
        const values = new Array<bigint | number | string | boolean | null>(size)
        for (let row = 0; row < size; row++) values[row] = read(start + row)
        chunk.setColumnValues(i, values)
      })
      appender.appendDataChunk(chunk)
    }
    appender.flushSync()
  } finally {
    appender.closeSync()
  }
}
