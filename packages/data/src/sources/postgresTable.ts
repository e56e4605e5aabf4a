import { type Dataset, PodError } from '@mlpod/contract'
import { typesOnly } from '../csv.ts'
import type { Relation } from '../relation.ts'
import { asRowSchema, type RowOf, type SchemaLike } from '../standardSchema.ts'
import { checkNames, parquet, type SourceOptions } from '../table.ts'
import { writeTable } from '../write.ts'
import { databaseName, openPostgres } from './postgres.ts'
import { toTypes } from './source.ts'

/** Settings of a table of PostgreSQL. */
export interface PostgresTableOptions<S> extends SourceOptions<S> {
  /** `postgres://user:password@host:port/database`; by default what `DATABASE_URL` says when the table is read, so that no password stands in the pod. */
  readonly url?: string
}

/**
 * Returns the handle of a table or view of PostgreSQL (`orders`, `sales.orders`) that the pod reads. Each run reads its rows in one transaction and keeps them in
 * the store as Parquet in a total order, so that equal rows have an equal hash and a node runs again only when they changed. Its columns are brought to the types of the
 * schema, and its rows checked. Throws when read: `DATABASE_FAILED` without the password, `DATABASE_UNNAMED`, `PLACE_INVALID`, `TABLE_UNKNOWN`, `COLUMN_MISSING`,
 * `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `VALUE_TYPE`, `SCHEMA_VIOLATED`.
 */
export function postgresTable<S extends SchemaLike>(
  table: string,
  { schema, url, check = 'all', extraColumns = 'refuse' }: PostgresTableOptions<S>,
): Dataset<Relation<RowOf<S>>, never> {
  const { columns } = asRowSchema(schema)
  const file = `postgres://${url === undefined ? '' : databaseName(url)}/${table}`
  return {
    kind: 'postgres',
    file,
    extension: '.parquet',
    describe: { columns, check, extraColumns, table } as never,
    async fetch(path) {
      const place = url ?? process.env.DATABASE_URL
      if (!place)
        throw new PodError('DATABASE_UNNAMED', `no database is named for the table ${table}`, {
          hint: 'set DATABASE_URL=postgres://user:password@host:port/database',
        })
      const found = await openPostgres(place, { table })
      checkNames(found.columns, Object.keys(columns), { extraColumns, name: file, at: file })
      const typed = await toTypes<RowOf<S>>(found, columns, file, file)
      const checked = (check === 'all' ? schema : { columns: typesOnly(columns) }) as S
      await writeTable(typed as never, path, { schema: checked, format: 'parquet', name: file })
    },
    read: (path) => parquet(file, { schema, check: 'types' }).read(path),
    write() {
      throw new PodError('DATASET_READ_ONLY', `${file} is a source, which no node writes`, {
        hint: 'write a table(...)',
      })
    },
  }
}
