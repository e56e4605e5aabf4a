import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

/** Returns the query builder over an open database; it is loaded when first needed, since recording a run needs none. */
export function openQueries(database: DatabaseSync): () => Promise<Kysely<Tables>> {
  let queries: Promise<Kysely<Tables>> | undefined
  return () => {
    queries ??= import('kysely').then(
      ({ Kysely, SqliteDialect }) => new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(database) }) }),
    )
    return queries
  }
}

/** `node:sqlite` in the shape that Kysely's dialect asks for. */
const adapt = (database: DatabaseSync) => ({
  close: () => undefined,
  prepare(sql: string) {
    const statement = database.prepare(sql)
    const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[]
    return {
      reader: statement.columns().length > 0,
      all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
      run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
      iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
    }
  },
})
