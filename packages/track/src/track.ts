import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { openDatabase, transaction } from './database.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { isSameProcess } from './processes.ts'
import { openQueries } from './queries.ts'
import { openRunQueries, type RunQueries } from './runs.ts'
import type { Tables } from './tables.ts'
import { openWriter, type Writer } from './write.ts'

/** Everything recorded of a pod's runs. */
export interface Track extends Writer, RunQueries, Ledger {
  /** The database file. */
  readonly path: string
  /** Returns the query builder over all tables, for questions that have no function here. */
  queries(): Promise<Kysely<Tables>>
  close(): void
}

/**
 * Opens the record of a pod's runs, `.mlpod/track.db`. Runs whose process is gone are marked KILLED, with the tag
 * `mlpod.ended` = `interrupted`. Throws what `openDatabase` throws.
 */
export function openTrack(podRoot: string): Track {
  const path = join(resolve(podRoot), '.mlpod', 'track.db')
  const database = openDatabase(path)
  markDead(database)
  const queries = openQueries(database)
  return {
    path,
    ...openWriter(database),
    ...openRunQueries(database, queries),
    ...openLedger(database),
    queries,
    close: () => database.close(),
  }
}

/** Ends the runs that nobody is there to end: their process died, on this machine. */
function markDead(database: DatabaseSync): void {
  const going = database
    .prepare(`SELECT run_id, pid, pid_started FROM runs WHERE status = 'RUNNING' AND host = ? AND pid IS NOT NULL`)
    .all(hostname())
  const dead = going.filter(
    ({ pid, pid_started }) => !isSameProcess(pid as number, (pid_started as string | null) ?? ''),
  )
  if (dead.length === 0) return
  transaction(database, () => {
    for (const { run_id } of dead) {
      database
        .prepare(`UPDATE runs SET status = 'KILLED', end_time = (SELECT max(start_time, CAST(coalesce((
                  SELECT max(coalesce(n.start_time, 0) + coalesce(n.ms, 0)) FROM nodes n WHERE n.run_id = runs.run_id), 0) AS INTEGER)))
                  WHERE run_id = ? AND status = 'RUNNING'`)
        .run(run_id)
      database
        .prepare(
          `UPDATE nodes SET state = 'skipped', because = 'the run was interrupted' WHERE run_id = ? AND state IN ('running', 'waiting')`,
        )
        .run(run_id)
      database.prepare(`INSERT INTO tags VALUES (?, 'mlpod.ended', 'interrupted') ON CONFLICT DO NOTHING`).run(run_id)
    }
  })
}
