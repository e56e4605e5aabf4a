import { PodError } from '@mlpod/contract'
import { identifier } from '../engine.ts'
import { chosen } from './chosen.ts'
import type { Format } from './format.ts'
import { relationOfValues, type Value } from './values.ts'

/** SQLite databases: a table or a view, opened for reading alone. */
export const sqliteFiles: Format = {
  about: 'SQLite databases: a table or a view',
  extensions: ['.sqlite', '.sqlite3', '.db', '.db3'],
  async open(path, name, { table }) {
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(path, { readOnly: true })
    try {
      const found = database
        .prepare(
          "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )
        .all()
        .map((row) => String(row.name))
      const from = chosen(found, table, { what: 'table', name })
      const statement = database.prepare(`SELECT * FROM ${identifier(from)}`)
      statement.setReadBigInts(true)
      const columns = new Map<string, Value[]>(statement.columns().map((column) => [column.name, []]))
      const lists = [...columns]
      for (const row of statement.iterate() as Iterable<Record<string, unknown>>)
        for (const [column, values] of lists) {
          const value = row[column]
          if (value instanceof Uint8Array)
            throw new PodError('COLUMN_TYPE', `the column "${column}" of ${from} in ${name} holds bytes`, {
              hint: 'make a view without it',
            })
          values.push(value as Value)
        }
      return await relationOfValues(columns, `the table "${from}" of ${name}`)
    } catch (error) {
      if (error instanceof PodError) throw error
      throw new PodError('FILE_INVALID', `${name} is no SQLite database: ${(error as Error).message}`, {
        at: path,
        cause: error,
      })
    } finally {
      database.close()
    }
  },
}
