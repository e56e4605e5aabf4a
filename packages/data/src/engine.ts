import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'

type DuckDB = typeof import('@duckdb/node-api')
/** The functions that build SQL trees: what a condition or a derived column is written with. */
export type Sql = typeof import('@uwdata/mosaic-sql')

/** What runs SQL: one in-memory database a process, opened when first used. */
export interface Engine {
  readonly duckdb: DuckDB
  readonly sql: Sql
  readonly connection: DuckDBConnection
  /** Returns a second connection, for results that are read piece by piece. */
  connect(): Promise<DuckDBConnection>
  /** Does something with the connection when everything asked of it before is done. */
  alone<T>(work: () => Promise<T>): Promise<T>
  /** Runs one statement and returns its result, wholly in memory. Throws `SQL_FAILED`. */
  run(statement: string): ReturnType<DuckDBConnection['run']>
  /** Prepares one statement, which checks it and gives its types, but does not run it. Throws `SQL_FAILED`. */
  prepare(statement: string): ReturnType<DuckDBConnection['prepare']>
  /** Runs one statement and returns its rows; 64-bit integers as bigint. Throws `SQL_FAILED`. */
  read(statement: string): Promise<Record<string, unknown>[]>
}

let opened: Promise<{ engine: Engine; instance: DuckDBInstance }> | undefined
const listeners = new Set<string[]>()

/** Returns this process's engine, opening it at the first call. */
export async function openEngine(): Promise<Engine> {
  opened ??= start()
  return (await opened).engine
}

async function start(): Promise<{ engine: Engine; instance: DuckDBInstance }> {
  const [duckdb, sql] = await Promise.all([import('@duckdb/node-api'), import('@uwdata/mosaic-sql')])
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    // one thread: with two, sums of floats depend on which finished first, and so would hashes
    threads: '1',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: join(tmpdir(), `mlpod-duckdb-${process.pid}`),
  })
  const connection = await instance.connect()
  // the zone of the machine must not decide what a time means
  await connection.run("SET GLOBAL TimeZone = 'UTC'")
  // the footer of a file of a thousand columns is read once, and again when the file changes
  await connection.run('SET GLOBAL parquet_metadata_cache = true')
  // a connection has one statement at a time: a second one would close the first one's result
  let last: Promise<unknown> = Promise.resolve()
  const alone: Engine['alone'] = (work) => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
  const run: Engine['run'] = (statement) =>
    alone(async () => {
      for (const list of listeners) list.push(statement)
      try {
        refuseNul(statement)
        return await connection.run(statement)
      } catch (error) {
        throw refused(error, statement)
      }
    })
  const engine: Engine = {
    duckdb,
    sql,
    connection,
    connect: () => instance.connect(),
    run,
    alone,
    prepare: (statement) =>
      alone(async () => {
        try {
          refuseNul(statement)
          return await connection.prepare(statement)
        } catch (error) {
          throw refused(error, statement)
        }
      }),
    read: async (statement) => (await (await run(statement)).getRowObjects()) as Record<string, unknown>[],
  }
  return { engine, instance }
}

/** The text of a statement ends at a NUL, so what follows one would silently not be asked. */
function refuseNul(statement: string): void {
  if (statement.includes('\0')) throw new Error('a text in it holds the character U+0000, where a statement ends')
}

const refused = (error: unknown, statement: string): PodError => {
  const [first] = String(error instanceof Error ? error.message : error).split('\n')
  return new PodError('SQL_FAILED', `DuckDB refused a statement: ${first}`, {
    because: statement.length > 400 ? `${statement.slice(0, 400)} ...` : statement,
    cause: error,
  })
}

/** Closes this process's engine and forgets its tables; relations made before cannot be read any more. */
export async function closeEngine(): Promise<void> {
  const closing = opened
  opened = undefined
  if (!closing) return
  const { engine, instance } = await closing
  engine.connection.closeSync()
  instance.closeSync()
}

/** Returns the statements that the engine ran while `work` went on, and the result of `work`. */
export async function traceStatements<T>(
  work: () => Promise<T>,
): Promise<{ result: T; statements: readonly string[] }> {
  const statements: string[] = []
  listeners.add(statements)
  try {
    return { result: await work(), statements }
  } finally {
    listeners.delete(statements)
  }
}

let tables = 0
/** A table of the engine that lives as long as something holds its token. */
export interface Token {
  readonly table: string
}

/** A file that is read again by each statement: what it was when its relation was made. */
export interface SourceFile {
  readonly file: string
  readonly size: number
  readonly changed: number
}

const forgotten = new FinalizationRegistry<string>((table) => {
  // a table whose relations are gone; the engine may be closed by then
  opened?.then(({ engine }) => engine.run(`DROP TABLE IF EXISTS "${table}"`)).catch(() => {})
})

/** Returns a token for a new table name; the table is dropped when the token is forgotten. */
export function newTable(): Token {
  const token: Token = { table: `relation_${++tables}` }
  forgotten.register(token, token.table)
  return token
}

/**
 * Returns the aggregate that counts the rows for which a condition is true. In a wide table it takes a fortieth of
 * the time of `count(*) FILTER (WHERE ...)`, for which DuckDB copies every column once an aggregate.
 */
export const countIf = (sql: Sql, condition: ExprNode): ExprNode => new sql.AggregateNode('count_if', [condition])

/** Returns the path of one file as an SQL string literal: DuckDB takes `*`, `?` and `[` for patterns of many. */
export const quotedPath = (path: string): string => quoted(path.replace(/[[*?]/g, '[$&]'))

/** Returns a text as an SQL string literal. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Returns a name as an SQL identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
