import type { DatabaseSync } from 'node:sqlite'
import type { Hash, Verdict } from '@mlpod/contract'
import { transaction } from './database.ts'

/** One look at a promise: append-only, so that looking again cannot be forgotten. */
export interface LedgerRow {
  readonly id: number
  readonly promise: string
  /** Hash of the evidence's canonical encoding. */
  readonly evidenceId: Hash
  /** The object of the store that holds the evidence as JSON. */
  readonly evidence: Hash
  /** Hash of the data looked at. */
  readonly data: Hash
  /** 1 for the first data that the promise was tested on, 2 for the next other data, ... */
  readonly look: number
  readonly verdict: Verdict
  readonly commit?: string
  readonly run?: string
  /** ms since 1970. */
  readonly time: number
}

/** A look to be written: its number is found, and its time is now, unless given. */
export type NewLedgerRow = Omit<LedgerRow, 'id' | 'look' | 'time'> & Partial<Pick<LedgerRow, 'look' | 'time'>>

/** The ledger of promises over one database. */
export interface Ledger {
  /** Returns the rows of a promise (or all), oldest first. */
  ledgerRows(filter?: { readonly promise?: string; readonly run?: string; readonly data?: Hash }): readonly LedgerRow[]
  /** Returns the number that a look at this data has or would have: data seen before keep theirs. */
  lookNumber(promise: string, data: Hash): number
  /** Writes a row and returns it; it is on the disk when this returns. */
  appendLedger(row: NewLedgerRow): LedgerRow
}

/** Opens the ledger. */
export function openLedger(database: DatabaseSync): Ledger {
  const seen = database.prepare('SELECT min(look) AS look FROM ledger WHERE promise = ? AND data = ?')
  const looks = database.prepare('SELECT count(DISTINCT data) AS looks FROM ledger WHERE promise = ?')

  const lookNumber = (promise: string, data: Hash): number =>
    (seen.get(promise, data)?.look as number | null) ?? (looks.get(promise)?.looks as number) + 1

  return {
    lookNumber,
    ledgerRows({ promise = null, run = null, data = null } = {}) {
      return database
        .prepare(`SELECT * FROM ledger WHERE (?1 IS NULL OR promise = ?1) AND (?2 IS NULL OR run_id = ?2)
                  AND (?3 IS NULL OR data = ?3) ORDER BY id`)
        .all(promise, run, data)
        .map(readRow)
    },
    appendLedger(row) {
      // A look that is forgotten would make later verdicts too sure, so this write survives a power cut.
      database.exec('PRAGMA synchronous = FULL')
      try {
        return transaction(database, () => {
          const { promise, evidenceId, evidence, data, verdict, commit, run, time = Date.now() } = row
          const { look = lookNumber(promise, data) } = row
          const { lastInsertRowid } = database
            .prepare(`INSERT INTO ledger (promise, evidence_id, evidence, data, look, verdict, commit_id, run_id, time)
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
            .run(promise, evidenceId, evidence, data, look, verdict, commit ?? null, run ?? null, time)
          return { ...row, id: Number(lastInsertRowid), look, time }
        })
      } finally {
        database.exec('PRAGMA synchronous = NORMAL')
      }
    },
  }
}

const readRow = (row: Record<string, unknown>): LedgerRow => ({
  id: row.id as number,
  promise: row.promise as string,
  evidenceId: row.evidence_id as Hash,
  evidence: row.evidence as Hash,
  data: row.data as Hash,
  look: row.look as number,
  verdict: row.verdict as Verdict,
  ...(row.commit_id !== null && { commit: row.commit_id as string }),
  ...(row.run_id !== null && { run: row.run_id as string }),
  time: row.time as number,
})
