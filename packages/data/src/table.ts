import { stat } from 'node:fs/promises'
import { type Dataset, hashValue, PodError } from '@mlpod/contract'
import { assertSchema, checkSchema } from './checkSchema.ts'
import { type Engine, identifier, openEngine, quotedPath } from './engine.ts'
import { relation, unknownColumn } from './query.ts'
import type { OrderKey, Relation } from './relation.ts'
import { SQL_TYPE, typeOf } from './sqlType.ts'
import { asRowSchema, type RowOf, type SchemaLike } from './standardSchema.ts'
import { type Writable, writeTable } from './write.ts'

/** A table on disk: read as a relation, written from a relation, rows, or columns. */
export type TableDataset<Row> = Dataset<Relation<Row>, Writable<Row>>

/** Settings of a Parquet table. `check` is how much of the schema is enforced when it is read: all of it, or the types. */
export interface TableOptions<S> {
  readonly schema: S
  readonly orderBy?: readonly OrderKey<keyof RowOf<S> & string>[]
  readonly file?: string
}

/**
 * Returns the handle of a table that nodes write: Parquet in the store, sorted by `orderBy` and then by all columns, its
 * schema checked before it is written. With `file` a copy is put there.
 */
export function table<S extends SchemaLike>({ schema, orderBy = [], file }: TableOptions<S>): TableDataset<RowOf<S>> {
  const { columns } = asRowSchema(schema)
  return {
    kind: 'table',
    file,
    extension: '.parquet',
    describe: { columns, orderBy } as never,
    read: (path) => readParquet(path, schema, { check: 'types' }),
    write: (value, path) => writeTable(value, path, { schema, orderBy, format: 'parquet', name: file ?? 'the table' }),
  }
}

/** Settings of a source. `extraColumns`: whether columns that the schema does not name are refused or left out. */
export interface SourceOptions<S> {
  readonly schema: S
  readonly check?: 'all' | 'types'
  readonly extraColumns?: 'refuse' | 'drop'
}

/**
 * Returns the handle of a Parquet file that the pod reads. Its rows are checked against the schema when it is read
 * (`check: 'types'` leaves the values to expectations). Throws when read: `FILE_MISSING`, `FILE_INVALID`,
 * `COLUMN_MISSING`, `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `SCHEMA_VIOLATED`.
 */
export function parquet<S extends SchemaLike>(
  file: string,
  { schema, check = 'all', extraColumns = 'refuse' }: SourceOptions<S>,
): TableDataset<RowOf<S>> {
  const { columns } = asRowSchema(schema)
  return {
    kind: 'parquet',
    file,
    extension: '.parquet',
    describe: { columns, check, extraColumns } as never,
    read: (path) => readParquet(path, schema, { check, extraColumns, name: file }),
    write: (value, path) => writeTable(value, path, { schema, format: 'parquet', name: file }),
  }
}

async function readParquet<S extends SchemaLike>(
  path: string,
  schema: S,
  { check, extraColumns = 'refuse', name = path }: Omit<SourceOptions<S>, 'schema'> & { readonly name?: string },
): Promise<Relation<RowOf<S>>> {
  await checkFile(path, name)
  const engine = await openEngine()
  const { sql } = engine
  const { columns } = asRowSchema(schema)
  const from = `read_parquet(${quotedPath(path)})`
  const found = await engine.read(`DESCRIBE SELECT * FROM ${from}`).catch((error) => {
    throw new PodError('FILE_INVALID', `${name} is no Parquet file`, { at: path, cause: error })
  })
  const types = new Map(found.map((row) => [String(row.column_name), String(row.column_type)]))
  checkNames([...types.keys()], Object.keys(columns), { extraColumns, name, at: path })
  const list = Object.entries(columns).map(([column, { type }]) => {
    const sqlType = types.get(column)!
    const given = typeOf(sqlType)
    if (given !== type && !(given === 'int' && type === 'float'))
      throw new PodError('COLUMN_TYPE', `the column "${column}" of ${name} is ${sqlType} and no ${type}`, {
        at: path,
        hint: 'correct the schema, or cast the column where the file is made',
      })
    return `CAST(${identifier(column)} AS ${SQL_TYPE[type]}) AS ${identifier(column)}`
  })
  const query = sql.Query.from(
    new sql.FromClauseNode(sql.verbatim(`(SELECT ${list.join(', ')} FROM ${from})`), 'file'),
  ).select(...Object.keys(columns).map((column) => sql.column(column)))
  const read = relation<RowOf<S>>({ engine: engine as Engine, query, columns: Object.keys(columns), tokens: [] })
  if (check === 'all') assertSchema(await checkSchema(read, schema), name, path)
  return read
}

/** Throws `FILE_MISSING` when there is no file at `path`, and `FILE_EMPTY` when it has no bytes. */
export async function checkFile(path: string, name: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile())
    throw new PodError('FILE_MISSING', `there is no file ${name}`, {
      at: path,
      hint: 'put it there, or correct its path in the catalog',
    })
  if (found.size === 0) throw new PodError('FILE_EMPTY', `the file ${name} is empty`, { at: path })
}

/** Throws `COLUMN_MISSING` or `COLUMN_UNKNOWN` when the names of a file are not those of its schema. */
export function checkNames(
  found: readonly string[],
  wanted: readonly string[],
  { extraColumns, name, at }: { extraColumns: 'refuse' | 'drop'; name: string; at: string },
): void {
  for (const column of wanted)
    if (!found.includes(column)) {
      const spaced = found.find((other) => other.trim() === column)
      throw new PodError('COLUMN_MISSING', unknownColumn(column, found, name).message, {
        at,
        hint: spaced === undefined ? undefined : `its name stands among spaces: ${JSON.stringify(spaced)}`,
      })
    }
  const extra = extraColumns === 'refuse' ? found.filter((column) => !wanted.includes(column)) : []
  if (extra.length > 0)
    throw new PodError(
      'COLUMN_UNKNOWN',
      `${name} has ${extra.length === 1 ? 'a column' : 'columns'} that its schema does not name: ${extra.map((c) => `"${c}"`).join(', ')}`,
      { at, hint: "name them in the schema, or leave them out with { extraColumns: 'drop' }" },
    )
}

/** Returns a short hash of a schema's columns, for those that keep facts by schema. */
export const schemaHash = (schema: SchemaLike): string => hashValue(asRowSchema(schema).columns)
