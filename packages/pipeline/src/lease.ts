import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { PodError } from '@mlpod/contract'

/** The right to run in a pod; one run has it at a time. */
export interface Lease {
  release(): void
}

/** Who has the lease: for messages only. */
interface Holder {
  readonly pid: number
  readonly host: string
  readonly run: string
}

const POLL_MS = 100

/**
 * Takes the lease of a pod. It is a lock of the operating system (through SQLite, on `.mlpod/run.lock`), so it ends with
 * its process however that ends: nothing stale is left. While another run has it: waits when `wait` is set, else throws
 * `POD_BUSY` naming that run and its process.
 */
export async function takeLease(
  root: string,
  run: string,
  { wait = false, signal }: { wait?: boolean; signal?: AbortSignal } = {},
): Promise<Lease> {
  const folder = join(root, '.mlpod')
  const told = join(folder, 'run.holder')
  mkdirSync(folder, { recursive: true })
  for (;;) {
    const lock = tryLock(join(folder, 'run.lock'))
    if (lock !== undefined) {
      writeFileSync(told, `${JSON.stringify({ pid: process.pid, host: hostname(), run } satisfies Holder)}\n`)
      return {
        release() {
          rmSync(told, { force: true })
          lock.close()
        },
      }
    }
    if (!wait || signal?.aborted) throw busy(told)
    await sleep(POLL_MS)
  }
}

function tryLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (/locked|busy/.test((error as Error).message)) return undefined
    throw error
  }
}

function busy(told: string): PodError {
  let holder: Partial<Holder> = {}
  try {
    holder = JSON.parse(readFileSync(told, 'utf8'))
  } catch {
    // the holder is just beginning or just ending
  }
  const { run, pid, host } = holder
  const who =
    run === undefined
      ? 'another run'
      : `run ${run.slice(0, 8)} (process ${pid}${host === hostname() ? '' : ` on ${host}`})`
  return new PodError('POD_BUSY', `${who} is going on in this pod`, {
    at: told,
    hint: 'wait for it to end, or run with --wait',
  })
}
