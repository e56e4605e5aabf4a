import { hostname, userInfo } from 'node:os'
import type { DatabaseSync } from 'node:sqlite'
import { PodError } from '@mlpod/contract'
import { transaction } from './database.ts'
import { startOf } from './processes.ts'
import { runName } from './runName.ts'
import type { RunState, Tables } from './tables.ts'

/** A metric's value at a step; `timestamp` in ms since 1970. */
export interface MetricPoint {
  readonly key: string
  readonly value: number
  readonly timestamp: number
  readonly step: number
}

/** What is written of a run in one transaction. */
export interface Batch {
  readonly params?: Readonly<Record<string, string>>
  readonly tags?: Readonly<Record<string, string>>
  readonly metrics?: readonly MetricPoint[]
  readonly artifacts?: readonly { readonly path: string; readonly hash: string; readonly size: number }[]
  readonly nodes?: readonly Partial<Tables['nodes']>[]
  readonly inputs?: readonly { readonly name: string; readonly digest: string; readonly source: string }[]
  readonly status?: RunState
  readonly endTime?: number
}

/** A run at its start. */
export interface NewRun {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly experiment: string
  readonly name?: string
  readonly startTime: number
}

/** Longest texts kept, as in MLflow: longer values are cut. */
const LONGEST = { key: 250, param: 6000, tag: 8000 }

/** Writes of runs over one database. */
export interface Writer {
  /** Begins a run, status RUNNING, of this process. Makes the experiment when it is new. */
  begin(run: NewRun): void
  /** Writes all of a batch or nothing. Throws `PARAM_CHANGED` when a parameter of the run has another value already. */
  write(runId: string, batch: Batch): void
}

/** Opens the writes. */
export function openWriter(database: DatabaseSync): Writer {
  const insert = <T extends keyof Tables>(table: T, columns: readonly (keyof Tables[T] & string)[], conflict: string) =>
    database.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT ${conflict}`,
    )
  const param = insert('params', ['run_id', 'key', 'value'], 'DO NOTHING')
  const paramNow = database.prepare('SELECT value FROM params WHERE run_id = ? AND key = ?')
  const tag = insert('tags', ['run_id', 'key', 'value'], 'DO UPDATE SET value = excluded.value')
  const point = ['run_id', 'key', 'value', 'timestamp', 'step', 'is_nan'] as const
  const metric = insert('metrics', point, 'DO NOTHING')
  const latest = insert(
    'latest_metrics',
    point,
    `DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan
     WHERE (excluded.step, excluded.timestamp, excluded.value) > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)`,
  )
  const artifact = insert(
    'artifacts',
    ['run_id', 'path', 'hash', 'size'],
    'DO UPDATE SET hash = excluded.hash, size = excluded.size',
  )
  const nodeColumns = ['state', 'key', 'attempt', 'start_time', 'ms', 'because', 'outputs', 'error'] as const
  const node = insert(
    'nodes',
    ['run_id', 'node', ...nodeColumns],
    `DO UPDATE SET ${nodeColumns.map((column) => `${column} = coalesce(excluded.${column}, nodes.${column})`).join(', ')}`,
  )
  const experiment = database.prepare('SELECT experiment_id, lifecycle_stage FROM experiments WHERE name = ?')

  const experimentId = (name: string): number => {
    const found = experiment.get(name)
    if (found) return found.experiment_id as number
    const now = Date.now()
    const { lastInsertRowid } = database
      .prepare(`INSERT INTO experiments (name, artifact_location, creation_time, last_update_time)
                VALUES (?, 'mlflow-artifacts:/' || (SELECT max(experiment_id) + 1 FROM experiments), ?, ?)`)
      .run(name, now, now)
    return Number(lastInsertRowid)
  }

  return {
    begin({ id, experiment: experimentName, name = runName(id), startTime }) {
      transaction(database, () => {
        const user = userName()
        const ofExperiment = experimentId(experimentName)
        database
          .prepare(`INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri, pid, pid_started, host)
                    VALUES (?, ?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?)`)
          .run(
            id,
            ofExperiment,
            name,
            user,
            startTime,
            `mlflow-artifacts:/${ofExperiment}/${id}/artifacts`,
            process.pid,
            startOf(process.pid),
            hostname(),
          )
        tag.run(id, 'mlflow.runName', name)
        tag.run(id, 'mlflow.user', user)
      })
    },
    write(runId, { params = {}, tags = {}, metrics = [], artifacts = [], nodes = [], inputs = [], status, endTime }) {
      transaction(database, () => {
        for (const [key, value] of Object.entries(params)) {
          const kept = cut(value, LONGEST.param)
          const { changes } = param.run(runId, cut(key, LONGEST.key), kept)
          const now = changes === 0 ? paramNow.get(runId, cut(key, LONGEST.key))?.value : kept
          if (now !== kept)
            throw new PodError(
              'PARAM_CHANGED',
              `parameter "${key}" of run ${runId.slice(0, 8)} is "${now}" and cannot become "${kept}"`,
              {
                hint: 'begin another run: what a run was given does not change',
              },
            )
        }
        for (const [key, value] of Object.entries(tags)) tag.run(runId, cut(key, LONGEST.key), cut(value, LONGEST.tag))
        for (const { key, value, timestamp, step } of metrics) {
          const row = [
            runId,
            cut(key, LONGEST.key),
            finite(value),
            timestamp,
            step,
            Number.isNaN(value) ? 1 : 0,
          ] as const
          metric.run(...row)
          latest.run(...row)
        }
        for (const { path, hash, size } of artifacts) artifact.run(runId, path, hash, size)
        for (const row of nodes) node.run(runId, row.node!, ...nodeColumns.map((column) => row[column] ?? null))
        for (const { name, digest, source } of inputs) {
          database
            .prepare(`INSERT INTO datasets (experiment_id, name, digest, source_type, source)
                      SELECT experiment_id, ?, ?, 'local', ? FROM runs WHERE run_id = ? ON CONFLICT DO NOTHING`)
            .run(name, digest, source, runId)
          database
            .prepare(`INSERT INTO inputs SELECT r.run_id, d.dataset_id FROM runs r JOIN datasets d USING (experiment_id)
                      WHERE r.run_id = ? AND d.name = ? AND d.digest = ? ON CONFLICT DO NOTHING`)
            .run(runId, name, digest)
        }
        if (status !== undefined || endTime !== undefined)
          database
            .prepare('UPDATE runs SET status = coalesce(?, status), end_time = coalesce(?, end_time) WHERE run_id = ?')
            .run(status ?? null, endTime ?? null, runId)
      })
    },
  }
}

/** As MLflow: NaN is stored as 0 (beside a flag), infinities as the largest numbers. */
const finite = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))

const cut = (text: string, longest: number): string => (text.length > longest ? text.slice(0, longest) : text)

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}
