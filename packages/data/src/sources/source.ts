import { type Dataset, PodError } from '@mlpod/contract'
import { assertSchema, checkSchema } from '../checkSchema.ts'
import { relation } from '../query.ts'
import type { Relation } from '../relation.ts'
import { SQL_TYPE } from '../sqlType.ts'
import { asRowSchema, type RowOf, type SchemaLike } from '../standardSchema.ts'
import { checkNames, type SourceOptions } from '../table.ts'
import type { OpenOptions } from './format.ts'
import { formatOfEnding, openTable } from './openTable.ts'

/**
 * Returns the handle of a table in any format that `openTable` reads: JSON, Arrow, Excel, SQLite, a folder of Parquet; `file` may be on S3. Its columns are brought to the types of the
 * schema, where nothing is lost by it, and its rows checked when it is read. Throws when read: what `openTable` throws, `COLUMN_MISSING`, `COLUMN_UNKNOWN`,
 * `COLUMN_TYPE`, `VALUE_TYPE`, `SCHEMA_VIOLATED`.
 */
export function source<S extends SchemaLike>(
  file: string,
  { schema, check = 'all', extraColumns = 'refuse', ...options }: SourceOptions<S> & OpenOptions,
): Dataset<Relation<RowOf<S>>, never> {
  const { columns } = asRowSchema(schema)
  return {
    kind: 'source',
    file,
    extension: file.slice(file.lastIndexOf('.')),
    describe: { columns, check, extraColumns, options: described(options) } as never,
    async read(path) {
      // the bytes may stand in the store, where nothing has an ending
      const format = options.format ?? formatOfEnding(file)
      const found = await openTable(path, format === undefined ? options : { ...options, format })
      checkNames(found.columns, Object.keys(columns), { extraColumns, name: file, at: path })
      const typed = await toTypes<RowOf<S>>(found, columns, file, path)
      if (check === 'all') assertSchema(await checkSchema(typed, schema), file, path)
      return typed
    },
    write() {
      throw new PodError('DATASET_READ_ONLY', `${file} is a source, which no node writes`, {
        hint: 'write a table(...)',
      })
    },
  }
}

/** Where S3 is and who asks decides no bytes, and is nobody's business. */
const described = ({ s3: _, ...options }: OpenOptions): OpenOptions => options

/** Types that another is read as without a loss: days are moments at midnight, and a text may hold anything. */
const READ_AS: Readonly<Record<string, readonly string[]>> = {
  float: ['int'],
  timestamp: ['date', 'string'],
  date: ['string', 'timestamp'],
  int: ['string', 'bool'],
  bool: ['int', 'string'],
  string: ['int', 'float', 'bool', 'date', 'timestamp'],
}

/** Brings a table to the types of a schema, where nothing is lost by it. Throws `COLUMN_TYPE`, `VALUE_TYPE`. */
export async function toTypes<Row>(
  found: Relation,
  columns: ReturnType<typeof asRowSchema>['columns'],
  file: string,
  path: string,
): Promise<Relation<Row>> {
  const { engine } = found
  const { sql } = engine
  const types = new Map((await found.describe()).map((info) => [info.name, info]))
  const select = Object.fromEntries(
    Object.entries(columns).map(([name, { type }]) => {
      const { type: given, sqlType } = types.get(name)!
      const column = sql.column(name)
      if (given === type) return [name, column]
      if (given === undefined || !READ_AS[type]?.includes(given))
        throw new PodError('COLUMN_TYPE', `the column "${name}" of ${file} is ${sqlType} and no ${type}`, { at: path })
      return [name, sql.cast(column, SQL_TYPE[type])]
    }),
  )
  const query = sql.Query.from({ input: found.query }).select(select)
  const made = relation<Row>({ engine, query, columns: Object.keys(columns), tokens: [] })
  try {
    return await made.materialize()
  } catch (error) {
    if (!(error instanceof PodError && error.code === 'SQL_FAILED')) throw error
    throw new PodError(
      'VALUE_TYPE',
      `a value of ${file} is not of its column's type: ${error.message.replace(/^DuckDB refused a statement: /, '')}`,
      {
        at: path,
        cause: error,
      },
    )
  }
}
