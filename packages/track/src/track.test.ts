import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Hash, hashBytes, type RunEvent } from '@mlpod/contract'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTrack, recorder, type Track } from './index.ts'

let root: string
let track: Track
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'track-'))
  track = openTrack(root)
})
afterEach(() => {
  track.close()
  rmSync(root, { recursive: true, force: true })
})

const id = (n: number): string => n.toString(16).padStart(32, '0')
const hash = (text: string): Hash => hashBytes(text)

interface Given {
  readonly params?: Record<string, string>
  readonly metrics?: Record<string, number>
  readonly tags?: Record<string, string>
  readonly start?: number
}
function add(n: number, { params = {}, metrics = {}, tags = {}, start = n }: Given = {}): void {
  track.begin({ id: id(n), experiment: 'e', startTime: start })
  const points = Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: 1, step: 0 }))
  track.write(id(n), { params, tags, metrics: points, status: 'FINISHED', endTime: start + 1 })
}
const found = async (where: string, sort?: string | string[]): Promise<number[]> =>
  (await track.listRuns({ where, sort })).runs
    .map((run) => Number.parseInt(run.id, 16))
    .sort((a, b) => (sort ? 0 : a - b))

test('a run is recorded from its events, and read again', async () => {
  const outputs = { model: { dataset: 'model', hash: hash('m'), size: 1 } }
  const events: RunEvent[] = [
    {
      type: 'run.started',
      run: id(7),
      pod: 'demo',
      nodes: ['fit', 'say', 'late'],
      workers: 2,
      params: { lr: 0.1, tree: { depth: 3 }, names: ['a'], kind: 'x' },
      sources: { loans: { file: 'data/loans.csv', hash: hash('l'), size: 9 } },
    },
    { type: 'node.started', node: 'fit', key: hash('k'), attempt: 1 },
    { type: 'node.metric', node: 'fit', name: 'auc', value: 0.5, step: 0 },
    { type: 'node.metric', node: 'fit', name: 'auc', value: 0.9, step: 1 },
    { type: 'node.metric', node: 'fit', name: 'loss', value: Number.NaN, step: 1 },
    { type: 'node.finished', node: 'fit', key: hash('k'), ms: 12.5, outputs },
    { type: 'node.failed', node: 'say', ms: 1, attempt: 1, error: { code: 'X', message: 'no' } },
    { type: 'node.skipped', node: 'late', because: 'say is not done' },
    { type: 'run.finished', run: id(7), status: 'failed', ms: 20 },
  ]
  const record = recorder(track, { command: 'mlpod run', code: { commit: 'a'.repeat(40), branch: 'main', changed: 2 } })
  for (const event of events) record(event)
  const run = await track.getRun(id(7).slice(0, 32))
  expect(run).toMatchObject({
    experiment: 'demo',
    status: 'FAILED',
    params: { lr: '0.1', 'tree.depth': '3', names: '["a"]', kind: 'x' },
    metrics: { auc: 0.9, loss: Number.NaN },
    commit: 'a'.repeat(40),
    changed: 2,
    artifacts: [{ path: 'model', hash: hash('m'), size: 1 }],
  })
  expect(run.inputs).toEqual([expect.objectContaining({ name: 'loans', digest: hash('l').slice(0, 36) })])
  expect(run.tags).toMatchObject({
    'mlflow.source.name': 'mlpod run',
    'mlflow.runName': run.name,
    'mlflow.source.git.branch': 'main',
  })
  const byName = Object.fromEntries(run.nodes.map((node) => [node.node, node]))
  expect(byName.fit).toMatchObject({ state: 'done', ms: 12.5, attempt: 1, outputs })
  expect(byName.say).toMatchObject({ state: 'failed', error: { code: 'X' } })
  expect(byName.late).toMatchObject({ state: 'skipped', because: 'say is not done' })
  expect(track.metricHistory(id(7), 'auc').map(({ value, step }) => [step, value])).toEqual([
    [0, 0.5],
    [1, 0.9],
  ])
  expect(track.metricHistory(id(7), 'none')).toEqual([])
})

test('recording that fails is told once and never stops the run', () => {
  const problems: unknown[] = []
  const record = recorder(track, { onProblem: (error) => problems.push(error) })
  track.close()
  const started: RunEvent = { type: 'run.started', run: id(1), pod: 'p', nodes: [], workers: 1 }
  record(started)
  record(started)
  expect(problems).toHaveLength(1)
  track = openTrack(root)
})

test('the latest value of a metric is the greatest by step, time, value, in whatever order they come', () => {
  track.begin({ id: id(1), experiment: 'e', startTime: 0 })
  const points = [
    { key: 'm', value: 3, timestamp: 5, step: 2 },
    { key: 'm', value: 9, timestamp: 9, step: 1 },
    { key: 'm', value: 4, timestamp: 5, step: 2 },
    { key: 'm', value: 1, timestamp: 4, step: 2 },
  ]
  track.write(id(1), { metrics: points })
  track.write(id(1), { metrics: [...points].reverse() })
  expect(track.metricHistory(id(1), 'm')).toHaveLength(4)
  return track.getRun(id(1)).then((run) => expect(run.metrics.m).toBe(4))
})

test('infinities are kept as the largest numbers', async () => {
  add(1, { metrics: { up: Number.POSITIVE_INFINITY, down: Number.NEGATIVE_INFINITY } })
  const run = await track.getRun(id(1))
  expect(run.metrics).toEqual({ up: Number.MAX_VALUE, down: -Number.MAX_VALUE })
})

test('a parameter does not change, and a refused batch leaves nothing', async () => {
  add(1, { params: { lr: '1' } })
  track.write(id(1), { params: { lr: '1' } })
  expect(() => track.write(id(1), { params: { depth: '2', lr: '3' }, tags: { t: 'x' } })).toThrow(
    expect.objectContaining({ code: 'PARAM_CHANGED' }),
  )
  const run = await track.getRun(id(1))
  expect(run.params).toEqual({ lr: '1' })
  expect(run.tags.t).toBeUndefined()
})

test('filters of MLflow and ours find what they say', async () => {
  add(1, { params: { lr: '0.1', kind: 'tree' }, metrics: { auc: 0.7 }, tags: { 'mlflow.note': 'Alpha_1' } })
  add(2, { params: { lr: '0.01', kind: 'forest' }, metrics: { auc: 0.9 }, tags: { 'mlflow.note': 'beta' } })
  add(3, { params: { lr: '1e-3' }, metrics: { auc: Number.NaN, 'val/loss': 1 } })
  const cases: [string, number[]][] = [
    ['', [1, 2, 3]],
    ['metrics.auc > 0.8', [2]],
    ['metrics.auc >= .7 AND params.kind = "tree"', [1]],
    ["metric.auc < 1e1 and parameter.kind != 'tree'", [2]],
    ["params.kind != 'tree'", [2]],
    ['params.kind IS NULL', [3]],
    ['params.kind is not null', [1, 2]],
    ["tags.mlflow.note LIKE 'Alpha__'", [1]],
    ["tags.mlflow.note LIKE 'alpha%'", []],
    ["tags.mlflow.note ILIKE 'alpha%'", [1]],
    ["tags.`mlflow.note` = 'beta'", [2]],
    ['metrics."val/loss" = 1', [3]],
    ['metrics.val/loss = 1', [3]],
    [`run_id IN ('${id(1)}', '${id(3)}')`, [1, 3]],
    [`attributes.run_id NOT IN ('${id(1)}')`, [2, 3]],
    ["status = 'FINISHED' and attr.start_time >= 2", [2, 3]],
    ['params.lr > 0.005', [1, 2]],
    ['params.lr <= 0.001', [3]],
    ["params.kind = 'tree' or params.kind = 'forest'", [1, 2]],
    ["not (params.kind = 'tree') and metrics.auc > 0", [2]],
    ['metrics.auc between 0.6 and 0.8', [1]],
    ["params.kind in ('tree', 'x')", [1]],
    ["params.kind = 'it''s'", []],
  ]
  for (const [where, expected] of cases) expect([where, await found(where)]).toEqual([where, expected])
})

test('a wrong filter is refused with a mark under the word', async () => {
  const cases: [string, string, 'mlpod' | 'mlflow'][] = [
    ['metrics.auc >', '             ^', 'mlpod'],
    ['metrics.auc = "1"', '              ^', 'mlpod'],
    ['metric.auc ~ 1', '           ^', 'mlpod'],
    ['metrcs.auc > 1', '^', 'mlpod'],
    ['auc > 1', '^', 'mlpod'],
    ["params.a = 'x", '           ^', 'mlpod'],
    ["tags.a > 'x'", '       ^', 'mlpod'],
    ['tags.a = 1', '         ^', 'mlpod'],
    ["params.a = 'x'; drop table runs", '              ^', 'mlpod'],
    ["params.a = 'x' or params.a = 'y'", '               ^', 'mlflow'],
    ['params.a = 1', '           ^', 'mlflow'],
    ["(params.a = 'x')", '^', 'mlflow'],
    ["status IN ('FINISHED')", '       ^', 'mlflow'],
    ['metrics. > 1', '^', 'mlpod'],
  ]
  for (const [where, mark, dialect] of cases)
    await expect([where, await track.listRuns({ where, dialect }).catch((error) => [error.code, error.at])]).toEqual([
      where,
      ['FILTER_MALFORMED', `${where}\n${mark}`],
    ])
  await expect(track.listRuns({ sort: ['metrics.a', '-metrics.a'] })).rejects.toMatchObject({
    code: 'FILTER_MALFORMED',
  })
})

test('a value in a filter is never read as SQL', async () => {
  add(1, { params: { a: "x' OR 1=1 --" } })
  expect(await found(`params.a = "x' OR 1=1 --"`)).toEqual([1])
  expect(await found(`params.a = "' OR 1=1 --"`)).toEqual([])
})

test('sorting puts NaN after numbers and missing last, in both directions; ties by newest', async () => {
  add(1, { metrics: { m: 1 } })
  add(2, { metrics: { m: 3 } })
  add(3, { metrics: { m: Number.NaN } })
  add(4)
  add(5, { metrics: { m: 3 } })
  expect(await found('', 'metrics.m desc')).toEqual([5, 2, 1, 3, 4])
  expect(await found('', '-metrics.m')).toEqual([5, 2, 1, 3, 4])
  expect(await found('', ['metrics.m asc'])).toEqual([1, 5, 2, 3, 4])
  expect(await found('', 'start_time')).toEqual([1, 2, 3, 4, 5])
})

test('pages go on after a run, whatever is added meanwhile', async () => {
  for (let n = 1; n <= 5; n++) add(n, { metrics: { m: n } })
  const first = await track.listRuns({ sort: '-metrics.m', limit: 2 })
  expect([first.runs.map((run) => run.metrics.m), first.total, first.next]).toEqual([[5, 4], 5, id(4)])
  add(6, { metrics: { m: 6 } })
  const second = await track.listRuns({ sort: '-metrics.m', limit: 3, after: first.next })
  expect([second.runs.map((run) => run.metrics.m), second.next]).toEqual([[3, 2, 1], undefined])
  await expect(track.listRuns({ where: 'metrics.m > 3', after: id(1) })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
})

test('a run is found by the beginning of its id, when that is one run', async () => {
  track.begin({ id: 'ab'.padEnd(32, '0'), experiment: 'e', startTime: 0 })
  track.begin({ id: 'ac'.padEnd(32, '0'), experiment: 'e', startTime: 0 })
  expect((await track.getRun('r_ab')).id).toBe('ab'.padEnd(32, '0'))
  await expect(track.getRun('a')).rejects.toMatchObject({ code: 'RUN_AMBIGUOUS' })
  await expect(track.getRun('ff')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
  await expect(track.getRun("x' or 1=1")).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
})

test('each new data is a new look at a promise, and data seen before keep their number', () => {
  const row = (data: string) => ({
    promise: 'fair',
    evidenceId: hash('e'),
    evidence: hash('e'),
    data: hash(data),
    verdict: 'kept' as const,
  })
  expect(track.lookNumber('fair', hash('a'))).toBe(1)
  expect(track.appendLedger(row('a')).look).toBe(1)
  expect(track.appendLedger(row('b')).look).toBe(2)
  expect(track.appendLedger(row('a')).look).toBe(1)
  expect(track.lookNumber('fair', hash('c'))).toBe(3)
  expect(track.lookNumber('other', hash('a'))).toBe(1)
  expect(track.ledgerRows({ promise: 'fair' }).map(({ look }) => look)).toEqual([1, 2, 1])
  expect(track.ledgerRows({ data: hash('b') })).toHaveLength(1)
})

test('a run whose process is gone is marked as interrupted when the record is opened', async () => {
  track.begin({ id: id(1), experiment: 'e', startTime: 5 })
  track.write(id(1), {
    nodes: [
      { node: 'fit', state: 'running', start_time: 7 },
      { node: 'done', state: 'done', start_time: 6, ms: 10.5 },
    ],
  })
  track.begin({ id: id(2), experiment: 'e', startTime: 5 })
  const database = new DatabaseSync(track.path)
  database.prepare('UPDATE runs SET pid_started = ? WHERE run_id = ?').run('1', id(1))
  database.close()
  track.close()
  track = openTrack(root)
  const run = await track.getRun(id(1))
  expect(run).toMatchObject({ status: 'KILLED', endTime: 16, tags: { 'mlpod.ended': 'interrupted' } })
  expect(run.nodes.map(({ node, state }) => [node, state])).toEqual([
    ['done', 'done'],
    ['fit', 'skipped'],
  ])
  expect((await track.getRun(id(2))).status).toBe('RUNNING')
})

test('a database of a newer version, or damaged, is refused and not touched', () => {
  const database = new DatabaseSync(track.path)
  database.exec('PRAGMA user_version = 99')
  database.close()
  track.close()
  expect(() => openTrack(root)).toThrow(expect.objectContaining({ code: 'TRACK_NEWER' }))
  const again = new DatabaseSync(track.path)
  again.exec('PRAGMA user_version = 1')
  again.close()
  track = openTrack(root)
})
