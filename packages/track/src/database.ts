import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PodError } from '@mlpod/contract'
import { MIGRATIONS } from './tables.ts'

/** How long a writer waits for another process's transaction. */
const BUSY_MS = 5_000

/**
 * Opens `track.db`, making or upgrading it as needed. Throws `TRACK_NEWER` when a newer mlpod made it, and
 * `TRACK_MALFORMED` when the file is no SQLite database.
 */
export function openDatabase(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true })
  const database = new DatabaseSync(path, { timeout: BUSY_MS, enableForeignKeyConstraints: true })
  try {
    // A lost power supply may take the last moments of a run's record with it, and never the database.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    migrate(database, path)
  } catch (cause) {
    database.close()
    if (cause instanceof PodError || !/not a database|malformed/.test((cause as Error).message)) throw cause
    throw new PodError('TRACK_MALFORMED', `${path} is no database of runs, or is damaged`, {
      hint: 'move the file away: a new one is made, and results in the store are not touched',
      cause,
    })
  }
  return database
}

function migrate(database: DatabaseSync, path: string): void {
  const version = (): number => database.prepare('PRAGMA user_version').get()?.user_version as number
  if (version() === MIGRATIONS.length) return
  if (version() > MIGRATIONS.length)
    throw new PodError(
      'TRACK_NEWER',
      `the database of runs has version ${version()}, this mlpod reads ${MIGRATIONS.length}`,
      {
        at: path,
        hint: 'install a newer mlpod',
      },
    )
  transaction(database, () => {
    // Another process may have done it while this one waited for its turn.
    for (const step of MIGRATIONS.slice(version())) database.exec(step)
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
  })
}

/** Runs `work` in one transaction: all of it is kept, or nothing when it throws. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
