import { PodError } from '@mlpod/contract'
import type { Relation } from '../relation.ts'
import { chosen } from './chosen.ts'
import type { OpenOptions } from './format.ts'
import { relationOfValues, type Value } from './values.ts'

/** Rows fetched at a time. */
const ROWS = 10_000

// the session's zone is UTC: what has no zone is taken in it, as the engine does
const moment = (text: string): Value => ({ moment: text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00') })

/** How values of a type are read, by PostgreSQL's number of the type; everything else stays text. */
const READ: Readonly<Record<number, (text: string) => Value>> = {
  16: (text) => text === 't',
  20: BigInt,
  21: Number,
  23: Number,
  700: Number,
  701: Number,
  1700: Number,
  1082: (text) => ({ day: text }),
  1114: moment,
  1184: moment,
}

/** Tells whether a place is a table of PostgreSQL. */
export const isPostgres = (place: string): boolean => /^postgres(ql)?:\/\//.test(place)

/** Returns host and name of a database, without user and password. Throws `PLACE_INVALID`. */
export function databaseName(place: string): string {
  if (!isPostgres(place) || !URL.canParse(place))
    throw new PodError('PLACE_INVALID', 'the place of a database of PostgreSQL cannot be read', { hint: PLACE })
  const { hostname, pathname } = new URL(place)
  return `${hostname || 'localhost'}${pathname}`
}

const PLACE = 'postgres://user:password@host:port/database'

/**
 * Copies a table or view of PostgreSQL into the engine, in one read-only transaction. `table` may be `schema.name`. Throws `DATABASE_FAILED` without the
 * password of the place, `TABLE_UNKNOWN`, `OPTION_INVALID`, `PLACE_INVALID`.
 */
export async function openPostgres(place: string, { table }: OpenOptions): Promise<Relation> {
  const name = databaseName(place)
  const { default: pg } = await import('pg')
  const client = new pg.Client({
    connectionString: place,
    connectionTimeoutMillis: 10_000,
    types: { getTypeParser: () => (text: string) => text } as never,
  })
  try {
    await client.connect()
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await client.query("SET LOCAL TIME ZONE 'UTC'")
    const { rows: listed } = await client.query<{ schema: string; name: string }>(
      "SELECT table_schema AS schema, table_name AS name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
    )
    const tables = listed.map(({ schema, name: each }) => (schema === 'public' ? each : `${schema}.${each}`))
    const at = tables.indexOf(chosen(tables, table, { what: 'table', name }))
    const from = `${client.escapeIdentifier(listed[at].schema)}.${client.escapeIdentifier(listed[at].name)}`
    await client.query(`DECLARE mlpod NO SCROLL CURSOR FOR SELECT * FROM ${from}`)
    const columns: Value[][] = []
    for (;;) {
      const { rows, fields } = await client.query<(string | null)[]>({
        text: `FETCH ${ROWS} FROM mlpod`,
        rowMode: 'array',
      })
      fields.forEach(({ dataTypeID }, i) => {
        columns[i] ??= []
        const read = READ[dataTypeID]
        for (const row of rows) {
          const value = row[i]
          columns[i].push(value === null || read === undefined ? value : read(value))
        }
      })
      if (rows.length < ROWS) {
        const named = new Map(fields.map((field, i) => [field.name, columns[i]]))
        return await relationOfValues(named, `the table ${tables[at]} of ${name}`)
      }
    }
  } catch (error) {
    if (error instanceof PodError) throw error
    throw new PodError('DATABASE_FAILED', `PostgreSQL at ${name} could not be read: ${(error as Error).message}`, {
      hint: PLACE,
    })
  } finally {
    await client.end().catch(() => {})
  }
}
