import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { assertSchema, checkSchema } from './checkSchema.ts'
import { identifier, openEngine, quoted } from './engine.ts'
import { relationOf, type TableData } from './ingest.ts'
import { unknownColumn } from './query.ts'
import type { AnyRelation, Cell, OrderKey } from './relation.ts'
import type { Column } from './schema.ts'
import { SQL_TYPE } from './sqlType.ts'
import { asRowSchema, type RowOf, type SchemaLike } from './standardSchema.ts'

/**
 * What may be written as a table: a relation, rows, or columns. The compiler checks a relation's column names; values that
 * SQL made have any type to it, and are checked against the schema when they are written.
 */
export type Writable<Row> = RelationLike<Row> | TableData<Row>

/** A relation of these columns, its values typed or made by SQL. */
interface RelationLike<Row> extends AnyRelation {
  readonly columns: readonly (keyof Row & string)[]
  rows(): Promise<{ [K in keyof Row]: Row[K] | Cell }[]>
}

const isRelation = (value: object): value is AnyRelation => 'toSQL' in value && typeof value.toSQL === 'function'

/** The file formats that a relation is written in. Rows are in groups of fixed size, so that equal rows give equal bytes. */
const FORMATS = {
  parquet: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, PARQUET_VERSION v1',
  csv: "FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULL ''",
} as const

/**
 * Checks the value against the schema and writes it, sorted by `orderBy` and then by every other column, so that the same
 * rows give the same bytes whatever their order. Nothing is written when the check fails (`SCHEMA_VIOLATED`).
 */
export async function writeTable<S extends SchemaLike>(
  value: Writable<RowOf<S>>,
  path: string,
  {
    schema,
    orderBy = [],
    format,
    name,
  }: {
    readonly schema: S
    readonly orderBy?: readonly OrderKey[]
    readonly format: keyof typeof FORMATS
    readonly name: string
  },
): Promise<void> {
  const engine = await openEngine()
  const { columns } = asRowSchema(schema)
  const given: AnyRelation = isRelation(value) ? value : await relationOf(value as TableData<RowOf<S>>, { schema })
  const surplus = given.columns.find((column) => !(column in columns))
  if (surplus !== undefined) throw unknownColumn(surplus, Object.keys(columns), `the schema of ${name}`)
  assertSchema(await checkSchema(given, schema), name)
  const list = Object.entries(columns).map(([column, rule]) => `${stored(column, rule)} AS ${identifier(column)}`)
  const keys = totalOrder(Object.keys(columns), orderBy)
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await engine.run(
      `COPY (SELECT ${list.join(', ')} FROM (${given.toSQL()}) ORDER BY ${keys.join(', ')}) TO ${quoted(temporary)} (${FORMATS[format]})`,
    )
    await flush(temporary)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** A column as it is stored: of the schema's type, and without the negative zero that sorts as zero but has other bytes. */
const stored = (name: string, { type }: Column): string => {
  const cast = `CAST(${identifier(name)} AS ${SQL_TYPE[type]})`
  return type === 'float' ? `(${cast} + 0.0)` : cast
}

/** Returns the sort keys as SQL: the given ones first, then every other column, missing values last. */
function totalOrder(columns: readonly string[], orderBy: readonly OrderKey[]): string[] {
  const led = new Set(orderBy.map((key) => (typeof key === 'string' ? key : key.column)))
  for (const name of led) if (!columns.includes(name)) throw unknownColumn(name, columns, 'the schema')
  return [...orderBy, ...columns.filter((name) => !led.has(name))].map((key) =>
    typeof key === 'string' ? `${identifier(key)} ASC NULLS LAST` : `${identifier(key.column)} DESC NULLS LAST`,
  )
}

async function flush(path: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r+')
    await handle.sync()
  } finally {
    await handle?.close()
  }
}
