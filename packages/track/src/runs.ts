import type { DatabaseSync } from 'node:sqlite'
import { type ErrorRecord, type Hash, type OutputRecord, PodError, type Verdict } from '@mlpod/contract'
import type { Kysely } from 'kysely'
import { compileFilter, compileOrder } from './search/compile.ts'
import { type FilterDialect, parseFilter, parseOrder } from './search/parse.ts'
import type { RunState, Tables } from './tables.ts'
import type { MetricPoint } from './write.ts'

/** A run as lists show it. */
export interface RunRow {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly name: string
  readonly experiment: string
  readonly status: RunState
  /** ms since 1970. */
  readonly startTime: number
  readonly endTime?: number
  readonly user: string
  readonly params: Readonly<Record<string, string>>
  /** The last value of each metric. */
  readonly metrics: Readonly<Record<string, number>>
  readonly tags: Readonly<Record<string, string>>
  /** The commit that ran, and how many files differed from it. */
  readonly commit?: string
  readonly changed?: number
  /** How the promises stood: the metrics `promises.kept`, `promises.broken`, `promises.undecided`. */
  readonly verdicts: Readonly<Record<Verdict, number>>
}

/** A run with all that it did. */
export interface RunDetail extends RunRow {
  readonly nodes: readonly NodeRow[]
  readonly artifacts: readonly { readonly path: string; readonly hash: Hash; readonly size: number }[]
  readonly inputs: readonly { readonly name: string; readonly digest: string; readonly source: string }[]
}

/** What a run did with a node. */
export interface NodeRow {
  readonly node: string
  readonly state: Tables['nodes']['state']
  readonly key?: Hash
  readonly attempt?: number
  readonly startTime?: number
  readonly ms?: number
  readonly because?: string
  readonly outputs?: Readonly<Record<string, OutputRecord>>
  readonly error?: ErrorRecord
}

/** Which runs, in which order, how many. */
export interface ListOptions {
  /** A filter: `metrics.auc > 0.8 and params.kind = 'tree'`. All runs by default. */
  readonly where?: string
  readonly dialect?: FilterDialect
  /** Keys to sort by, `metrics.auc desc` or `-metrics.auc`; newest first by default. */
  readonly sort?: string | readonly string[]
  /** Default 100. */
  readonly limit?: number
  /** The id (or its beginning) of the run after which to go on. */
  readonly after?: string
  readonly experiment?: string
}

/** A page of runs. */
export interface RunPage {
  readonly runs: readonly RunRow[]
  /** How many fit in all. */
  readonly total: number
  /** Where the next page begins: its `after`. */
  readonly next?: string
}

/** Questions about runs. */
export interface RunQueries {
  /** Returns the runs that fit. Throws `FILTER_MALFORMED` pointing at the word, `RUN_UNKNOWN` for `after`. */
  listRuns(options?: ListOptions): Promise<RunPage>
  /** Returns a run by its id or the beginning of it. Throws `RUN_UNKNOWN`, `RUN_AMBIGUOUS`. */
  getRun(id: string): Promise<RunDetail>
  /** Returns a metric's values in the order of time, step, value; empty when it was never logged. */
  metricHistory(id: string, key: string): readonly Omit<MetricPoint, 'key'>[]
}

/** Opens the questions. */
export function openRunQueries(database: DatabaseSync, queries: () => Promise<Kysely<Tables>>): RunQueries {
  const resolveId = (id: string): string => {
    const prefix = id.replace(/^r_/, '').toLowerCase()
    const found = /^[0-9a-f]{1,32}$/.test(prefix)
      ? database
          .prepare('SELECT run_id FROM runs WHERE run_id >= ? AND run_id < ? LIMIT 6')
          .all(prefix, `${prefix}g`)
          .map((row) => row.run_id as string)
      : []
    if (found.length === 1) return found[0]
    if (found.length === 0)
      throw new PodError('RUN_UNKNOWN', `there is no run "${id}"`, { hint: 'mlpod runs lists them' })
    throw new PodError(
      'RUN_AMBIGUOUS',
      `more than one run begins with "${id}": ${found
        .slice(0, 5)
        .map((one) => one.slice(0, 8))
        .join(', ')}`,
      { hint: 'give more digits' },
    )
  }

  return {
    async listRuns({ where = '', dialect, sort = [], limit = 100, after, experiment } = {}) {
      const filter = parseFilter(where, dialect)
      const order = parseOrder(typeof sort === 'string' ? sort.split(',').filter((key) => key.trim() !== '') : sort)
      const from = after === undefined ? undefined : resolveId(after)
      const { sql } = await import('kysely')
      const db = await queries()
      let fitting = db
        .selectFrom('runs')
        .innerJoin('experiments', 'experiments.experiment_id', 'runs.experiment_id')
        .where('runs.lifecycle_stage', '=', 'active')
      if (experiment !== undefined) fitting = fitting.where('experiments.name', '=', experiment)
      if (filter) fitting = fitting.where((eb) => compileFilter(filter, eb as never, sql))
      const ordered = fitting
        .select([
          'runs.run_id',
          'runs.name',
          'runs.status',
          'runs.start_time',
          'runs.end_time',
          'runs.user_id',
          'experiments.name as experiment',
        ])
        .select(sql<number>`row_number() OVER (ORDER BY ${compileOrder(order, sql)})`.as('place'))
      const { total } = await fitting.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
      let page = db
        .with('ordered', () => ordered)
        .selectFrom('ordered')
        .selectAll()
        .orderBy('place')
        .limit(limit)
      if (from !== undefined) {
        const place = await db
          .with('ordered', () => ordered)
          .selectFrom('ordered')
          .select('place')
          .where('run_id', '=', from)
          .executeTakeFirst()
        if (place === undefined)
          throw new PodError('RUN_UNKNOWN', `run "${after}" does not fit the filter, so there is no page after it`)
        page = page.where('place', '>', place.place)
      }
      const rows = await page.execute()
      const last = rows.at(-1)
      const runs = rows.map((row) => rowOf(database, row))
      return { runs, total, ...(last !== undefined && last.place < total && { next: last.run_id }) }
    },
    async getRun(id) {
      const runId = resolveId(id)
      const db = await queries()
      const row = await db
        .selectFrom('runs')
        .innerJoin('experiments', 'experiments.experiment_id', 'runs.experiment_id')
        .select([
          'run_id',
          'runs.name',
          'status',
          'start_time',
          'end_time',
          'user_id',
          'experiments.name as experiment',
        ])
        .where('run_id', '=', runId)
        .executeTakeFirstOrThrow()
      const [nodes, artifacts, inputs] = await Promise.all([
        db.selectFrom('nodes').selectAll().where('run_id', '=', runId).orderBy('start_time').orderBy('node').execute(),
        db
          .selectFrom('artifacts')
          .select(['path', 'hash', 'size'])
          .where('run_id', '=', runId)
          .orderBy('path')
          .execute(),
        db
          .selectFrom('inputs')
          .innerJoin('datasets', 'datasets.dataset_id', 'inputs.dataset_id')
          .select(['name', 'digest', 'source'])
          .where('run_id', '=', runId)
          .orderBy('name')
          .execute(),
      ])
      return {
        ...rowOf(database, row),
        nodes: nodes.map(nodeOf),
        artifacts,
        inputs,
      }
    },
    metricHistory(id, key) {
      return database
        .prepare(
          'SELECT value, timestamp, step, is_nan FROM metrics WHERE run_id = ? AND key = ? ORDER BY timestamp, step, value',
        )
        .all(resolveId(id), key)
        .map(({ value, timestamp, step, is_nan }) => ({
          value: is_nan === 1 ? Number.NaN : (value as number),
          timestamp: timestamp as number,
          step: step as number,
        }))
    },
  }
}

interface FoundRun {
  readonly run_id: string
  readonly name: string
  readonly status: RunState
  readonly start_time: number
  readonly end_time: number | null
  readonly user_id: string
  readonly experiment: string
}

function rowOf(database: DatabaseSync, row: FoundRun): RunRow {
  const { run_id: id, name, experiment, status, start_time: startTime, end_time: endTime, user_id: user } = row
  const pairs = (table: 'params' | 'tags'): Record<string, string> =>
    Object.fromEntries(
      database
        .prepare(`SELECT key, value FROM ${table} WHERE run_id = ?`)
        .all(id)
        .map(({ key, value }) => [key, value]),
    )
  const tags = pairs('tags')
  const metrics = database
    .prepare('SELECT key, value, is_nan FROM latest_metrics WHERE run_id = ?')
    .all(id)
    .map(({ key, value, is_nan }) => [key, is_nan === 1 ? Number.NaN : value])
  const latest = Object.fromEntries(metrics) as Readonly<Record<string, number>>
  const count = (verdict: Verdict): number => latest[`promises.${verdict}`] ?? 0
  const commit = tags['mlflow.source.git.commit']
  return {
    id,
    name,
    experiment,
    status,
    startTime,
    ...(endTime !== null && { endTime }),
    user,
    params: pairs('params'),
    metrics: latest,
    tags,
    ...(commit !== undefined && { commit, changed: Number(tags['mlpod.changed'] ?? 0) }),
    verdicts: { kept: count('kept'), broken: count('broken'), undecided: count('undecided') },
  }
}

const nodeOf = (row: Tables['nodes']): NodeRow => ({
  node: row.node,
  state: row.state,
  ...(row.key !== null && { key: row.key as Hash }),
  ...(row.attempt !== null && { attempt: row.attempt }),
  ...(row.start_time !== null && { startTime: row.start_time }),
  ...(row.ms !== null && { ms: row.ms }),
  ...(row.because !== null && { because: row.because }),
  ...(row.outputs !== null && { outputs: JSON.parse(row.outputs) }),
  ...(row.error !== null && { error: JSON.parse(row.error) }),
})
