import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ErrorRecord,
  errorRecord,
  type Hash,
  type OutputRecord,
  PodError,
  type Rebuilt,
  type RunEvent,
  type RunStatus,
} from '@mlpod/contract'
import { type Action, type EnvironmentRecord, environment, type Lock, writeLock } from '@mlpod/store'
import { putCopy } from './copies.ts'
import type { Job, Made, Report } from './job.ts'
import { paramsOf, seedOf } from './key.ts'
import { takeLease } from './lease.ts'
import type { AnyNode } from './node.ts'
import { childrenOf, closure, inputDatasets, inputParameters } from './pipeline.ts'
import type { Pod } from './pod.ts'
import { openPool, type Pool } from './pool.ts'
import {
  inputPaths,
  type Keyed,
  keyNode,
  openSession,
  type Session,
  type SessionOptions,
  type Settled,
} from './session.ts'
import { openSlots, type Slots } from './slots.ts'

/** How a pod is run. */
export interface RunOptions extends SessionOptions {
  /** Nodes (or threads' worth of them) at the same time; as many as there are cores by default. */
  readonly workers?: number
  /** Runs nodes even where a result is kept: those wanted (true) or those named. The kept result stays; other bytes are reported. */
  readonly force?: boolean | readonly string[]
  /** Aborted: no new nodes; those that run may finish within `graceMs`, then they are ended. */
  readonly signal?: AbortSignal
  /** Aborted: running nodes are ended at once. */
  readonly stop?: AbortSignal
  /** Default 10 000. */
  readonly graceMs?: number
  /** Waits for another run of this pod to end, instead of throwing `POD_BUSY`. */
  readonly wait?: boolean
  readonly onEvent?: (event: RunEvent) => void
  /** Versions of native engines by package name, recorded with each result. */
  readonly engines?: Readonly<Record<string, string>>
  /** 32 hexadecimal digits; random by default. */
  readonly run?: string
}

/** How a node came out. */
export interface NodeResult {
  readonly state: 'cached' | 'done' | 'failed' | 'skipped'
  readonly key?: Hash
  readonly ms?: number
  readonly outputs?: Readonly<Record<string, OutputRecord>>
  readonly error?: ErrorRecord
}

/** How a run came out. */
export interface RunResult {
  readonly run: string
  readonly status: RunStatus
  readonly ms: number
  readonly nodes: Readonly<Record<string, NodeResult>>
  /** Whether `mlpod.lock` was written. */
  readonly lockChanged: boolean
}

/**
 * Makes the wanted nodes of a pod current: what has a result under its run key is restored, the rest is run, several nodes
 * at once in worker threads. A failed node stops only what comes after it. The same call again resumes after any end.
 * `mlpod.lock` is written when every node is done and a key has changed.
 * Throws, before anything is run, for everything that is wrong with the pod itself; what nodes throw is in the result.
 */
export async function run(pod: Pod, options: RunOptions = {}): Promise<RunResult> {
  const id = options.run ?? randomBytes(16).toString('hex')
  const startedAt = performance.now()
  const lease = await takeLease(pod.root, id, { wait: options.wait, signal: options.signal })
  try {
    const session = await openSession(pod, options)
    const runner = openRunner(session, options)
    const emit = options.onEvent ?? (() => undefined)
    try {
      emit(startedEvent(id, session, runner.workers))
      const nodes = await runner.all()
      const status = statusOf(nodes, options.signal)
      const lockChanged = status === 'finished' && (await writeLock(pod.root, nextLock(session, nodes, runner.keyed)))
      const ms = performance.now() - startedAt
      emit({ type: 'run.finished', run: id, status, ms })
      return { run: id, status, ms, nodes: Object.fromEntries(nodes), lockChanged }
    } finally {
      await runner.close()
      await Promise.all([session.store.save(), session.store.sweep()])
    }
  } finally {
    lease.release()
  }
}

function startedEvent(id: string, { pod, nodes, params, sources, pipeline }: Session, workers: number): RunEvent {
  const used = nodes.flatMap((node) => inputParameters(node).map(([, parameter]) => parameter))
  return {
    type: 'run.started',
    run: id,
    pod: pod.name,
    nodes: nodes.map(({ name }) => name),
    workers,
    params: Object.fromEntries(used.map((parameter) => [parameter.name, params.value(parameter)])),
    sources: Object.fromEntries(
      [...sources].map(([name, { hash, size }]) => [name, { file: pipeline.sources.get(name)!.file!, hash, size }]),
    ),
  }
}

interface Runner {
  readonly workers: number
  readonly keyed: ReadonlyMap<string, Keyed>
  all(): Promise<ReadonlyMap<string, NodeResult>>
  close(): Promise<void>
}

function openRunner(session: Session, options: RunOptions): Runner {
  const {
    workers = availableParallelism(),
    force = false,
    signal,
    graceMs = 10_000,
    onEvent: emit = () => undefined,
    engines,
  } = options
  const { pod, pipeline, store, code } = session
  const forced = force === true ? session.wanted : new Set(force === false ? [] : force)
  const slots = openSlots(workers)
  const ranks = ranksOf(session)
  const settled = new Map<string, Settled>()
  const keyed = new Map<string, Keyed>()
  const stop = stopSignal(signal, options.stop, graceMs)
  let pool: Pool | undefined
  let machine: EnvironmentRecord | undefined

  const openedPool = (): Pool => {
    pool ??= openPool({ root: pod.root, configFile: pod.configFile, store: store.root }, async () => {
      const current = await Promise.all(session.nodes.map((node) => code.isCurrent(node)))
      return new Set(session.nodes.filter((_, i) => current[i]).map((node) => node.name))
    })
    return pool
  }

  const settle = async (node: AnyNode, key: Hash, outputs: Readonly<Record<string, OutputRecord>>): Promise<void> => {
    for (const [argument, dataset] of Object.entries(node.outputs)) {
      const told = await putCopy(pod.root, dataset, outputs[argument].hash, store)
      if (told) emit({ type: 'node.note', node: node.name, text: told })
    }
    settled.set(node.name, { key, outputs })
  }

  const restore = async (node: AnyNode, action: Action): Promise<NodeResult> => {
    const { key, outputs, ms } = action
    await settle(node, key, outputs)
    emit({ type: 'node.cached', node: node.name, key, savedMs: ms, outputs })
    for (const [name, { value, step }] of Object.entries(action.metrics ?? {}))
      emit({ type: 'node.metric', node: node.name, name, value: Number(value), step })
    for (const text of action.notes ?? []) emit({ type: 'node.note', node: node.name, text })
    return { state: 'cached', key, ms: 0, outputs }
  }

  const rebuildFor =
    (asker: AnyNode, cpu: number) =>
    async (names?: readonly string[]): Promise<readonly Rebuilt[]> => {
      // The asking node only waits meanwhile, so its place is free for what it asked for.
      slots.give(cpu)
      try {
        return await rebuild(session, asker, names, { keyed, settled, slots, pool: openedPool(), stop })
      } finally {
        await slots.take(cpu, Number.POSITIVE_INFINITY)
      }
    }

  const attempt = async (node: AnyNode, found: Keyed, notes: Notes): Promise<Made> => {
    const job = await jobOf(session, node, found, true)
    const cpu = node.resources?.cpu ?? 1
    return await openedPool().run(job, {
      report: (report) => {
        notes.add(report)
        emit(eventOf(node.name, report))
      },
      rebuild: rebuildFor(node, cpu),
      timeoutMs: node.timeoutMs,
      stop,
    })
  }

  const execute = async (node: AnyNode, found: Keyed): Promise<NodeResult> => {
    const { times = 1, delayMs = 0, factor = 1 } = node.retry ?? {}
    const { key } = found
    for (let tried = 1; ; tried++) {
      const notes = openNotes()
      const startedAt = performance.now()
      emit({ type: 'node.started', node: node.name, key, attempt: tried })
      try {
        const made = await attempt(node, found, notes)
        await sourcesUntouched(session, node)
        const ms = performance.now() - startedAt
        for (const { hash } of Object.values(made)) store.vouch(hash)
        machine ??= environment({ engines })
        const outputs = await record(session, node, found, { made, ms, machine, notes }, (text) =>
          emit({ type: 'node.note', node: node.name, text }),
        )
        await settle(node, key, outputs)
        emit({ type: 'node.finished', node: node.name, key, ms, outputs })
        return { state: 'done', key, ms, outputs }
      } catch (error) {
        const ms = performance.now() - startedAt
        const told = errorRecord(error)
        const final = tried >= times || signal?.aborted || stop.aborted || told.code === 'CODE_CHANGED'
        if (final) {
          emit({ type: 'node.failed', node: node.name, ms, attempt: tried, error: told })
          return { state: 'failed', key, ms, error: told }
        }
        const waitMs = delayMs * factor ** (tried - 1)
        emit({
          type: 'node.note',
          node: node.name,
          text: `attempt ${tried} of ${times} failed (${told.message}); trying again${waitMs > 0 ? ` in ${waitMs} ms` : ''}`,
        })
        await sleep(waitMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  const skip = (node: AnyNode, because: string): NodeResult => {
    emit({ type: 'node.skipped', node: node.name, because })
    return { state: 'skipped' }
  }

  const one = async (node: AnyNode, before: readonly Promise<NodeResult>[]): Promise<NodeResult> => {
    const results = await Promise.all(before)
    const parents = pipeline.parents.get(node.name)!
    const missing = parents.filter((_, i) => results[i].state === 'failed' || results[i].state === 'skipped')
    if (signal?.aborted) return skip(node, 'the run was interrupted')
    if (missing.length > 0) return skip(node, `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not done`)
    let found: Keyed
    try {
      found = await keyNode(session, node, settled)
      keyed.set(node.name, found)
      if (found.action && !forced.has(node.name)) return await restore(node, found.action)
    } catch (error) {
      const told = errorRecord(error)
      emit({ type: 'node.failed', node: node.name, ms: 0, attempt: 0, error: told })
      return { state: 'failed', error: told }
    }
    const cpu = node.resources?.cpu ?? 1
    await slots.take(cpu, ranks.get(node.name)!)
    try {
      return signal?.aborted ? skip(node, 'the run was interrupted') : await execute(node, found)
    } finally {
      slots.give(cpu)
    }
  }

  return {
    workers,
    keyed,
    async all() {
      const going = new Map<string, Promise<NodeResult>>()
      for (const node of session.nodes)
        going.set(
          node.name,
          one(
            node,
            pipeline.parents.get(node.name)!.map((parent) => going.get(parent)!),
          ),
        )
      const results = new Map<string, NodeResult>()
      for (const [name, result] of going) results.set(name, await result)
      return results
    },
    close: async () => await pool?.close(),
  }
}

async function jobOf(session: Session, node: AnyNode, { inputs, late }: Keyed, keep: boolean): Promise<Job> {
  const { params } = session
  return {
    node: node.name,
    inputs: await inputPaths(session, node, inputs),
    params: paramsOf(node, params),
    seed: seedOf(node, params),
    late,
    keep,
  }
}

interface Execution {
  readonly made: Made
  readonly ms: number
  readonly machine: EnvironmentRecord
  readonly notes: Notes
}

/** Keeps a result under its key. Returns the outputs that count: those kept before, when there were such. */
async function record(
  { store }: Session,
  node: AnyNode,
  found: Keyed,
  { made, ms, machine, notes }: Execution,
  tell: (text: string) => void,
): Promise<Readonly<Record<string, OutputRecord>>> {
  const outputs: Record<string, OutputRecord> = {}
  for (const [argument, stored] of Object.entries(made))
    outputs[argument] = { dataset: node.outputs[argument].name!, ...stored }
  const action: Action = {
    version: 1,
    key: found.key,
    node: node.name,
    parts: found.parts as unknown as Action['parts'],
    modules: found.code.parts,
    outputs,
    environment: machine,
    ms,
    ...notes.kept(),
  }
  const written = await store.actions.put(action)
  if (written.state !== 'differs') return outputs
  const before = written.stored.outputs
  const changed = Object.keys(outputs).filter((argument) => before[argument]?.hash !== outputs[argument].hash)
  const what = `${changed.join(', ')} came out with other bytes than before from the same code, inputs and parameters`
  if (found.lost) {
    await store.actions.replaceLost(action)
    tell(`${what}; the bytes before are lost, so the new ones are kept`)
    return outputs
  }
  tell(`${what}; the first result is kept`)
  return before
}

/** Runs nodes again from the inputs they had and compares. */
async function rebuild(
  session: Session,
  asker: AnyNode,
  names: readonly string[] | undefined,
  {
    keyed,
    settled,
    slots,
    pool,
    stop,
  }: {
    keyed: ReadonlyMap<string, Keyed>
    settled: ReadonlyMap<string, Settled>
    slots: Slots
    pool: Pool
    stop: AbortSignal
  },
): Promise<readonly Rebuilt[]> {
  const { pipeline } = session
  const before = closure(pipeline.parents.get(asker.name)!, pipeline.parents)
  for (const name of names ?? [])
    if (!before.has(name))
      throw new PodError(
        'NODE_UNKNOWN',
        `${asker.name}: node "${name}" does not come before it, so it cannot be rebuilt`,
        {
          hint: `it can rebuild ${[...before].join(', ')}`,
        },
      )
  const chosen = pipeline.nodes.filter((node) =>
    names ? names.includes(node.name) : before.has(node.name) && !node.volatile,
  )
  const rebuilt = await Promise.all(
    chosen.map(async (node) => {
      const cpu = node.resources?.cpu ?? 1
      const job = await jobOf(session, node, keyed.get(node.name)!, false)
      await slots.take(cpu, Number.POSITIVE_INFINITY)
      try {
        const nested = async (): Promise<never> => {
          throw new PodError('REBUILD_NESTED', `${node.name}: a node that is being rebuilt cannot rebuild others`)
        }
        const made = await pool.run(job, { report: () => undefined, rebuild: nested, timeoutMs: node.timeoutMs, stop })
        return Object.entries(made).map(([argument, { hash }]) => ({
          node: node.name,
          output: argument,
          first: settled.get(node.name)!.outputs[argument].hash,
          second: hash,
        }))
      } finally {
        slots.give(cpu)
      }
    }),
  )
  return rebuilt.flat()
}

/** Throws `SOURCE_CHANGED` when a source that a node has read is no longer what its key says. */
async function sourcesUntouched({ sources, store }: Session, node: AnyNode): Promise<void> {
  for (const [, dataset] of inputDatasets(node)) {
    const source = sources.get(dataset.name!)
    if (source === undefined) continue
    const now = await store.identify(source.path).catch(() => undefined)
    if (now?.hash !== source.hash)
      throw new PodError(
        'SOURCE_CHANGED',
        `${node.name}: dataset "${dataset.name}" was changed while the node read it`,
        {
          at: source.path,
          hint: 'run the same command again',
        },
      )
  }
}

/** The lock after a complete run: what other nodes had stays, as long as they exist. */
function nextLock(session: Session, results: ReadonlyMap<string, NodeResult>, keyed: ReadonlyMap<string, Keyed>): Lock {
  const { lock, sources, pod, params } = session
  const all = Object.values(pod.pipelines)
  const nodeNames = new Set(all.flatMap(({ nodes }) => nodes.map(({ name }) => name)))
  const sourceNames = new Set(all.flatMap(({ sources: read }) => [...read.keys()]))
  const kept = <T>(entries: Readonly<Record<string, T>>, names: ReadonlySet<string>): [string, T][] =>
    Object.entries(entries).filter(([name]) => names.has(name))
  return {
    version: 1,
    ...(lock.model && { model: lock.model }),
    data: Object.fromEntries([
      ...kept(lock.data, sourceNames),
      ...[...sources].map(([name, { hash, size }]) => [name, { hash, size }] as const),
    ]),
    nodes: Object.fromEntries([
      ...kept(lock.nodes, nodeNames),
      ...session.nodes.map((node) => {
        const { key, code, inputs } = keyed.get(node.name)!
        const outputs = results.get(node.name)!.outputs!
        return [
          node.name,
          {
            key,
            code: code.hash,
            params: Object.fromEntries(
              inputParameters(node).map(([, parameter]) => [parameter.name, params.value(parameter)]),
            ),
            inputs,
            outputs: Object.fromEntries(Object.entries(outputs).map(([argument, { hash }]) => [argument, hash])),
          },
        ] as const
      }),
    ]),
  }
}

function statusOf(nodes: ReadonlyMap<string, NodeResult>, signal?: AbortSignal): RunStatus {
  const states = [...nodes.values()].map(({ state }) => state)
  if (states.every((state) => state === 'cached' || state === 'done')) return 'finished'
  return signal?.aborted ? 'interrupted' : 'failed'
}

/** Aborts when running nodes must end: at once by `stop`, `graceMs` after `signal`. */
function stopSignal(signal: AbortSignal | undefined, stop: AbortSignal | undefined, graceMs: number): AbortSignal {
  const grace = new AbortController()
  const begin = (): void => void setTimeout(() => grace.abort(), graceMs).unref()
  if (signal?.aborted) begin()
  else signal?.addEventListener('abort', begin, { once: true })
  return stop === undefined ? grace.signal : AbortSignal.any([stop, grace.signal])
}

/** How long the longest way from a node to an end is, in nodes: what most waits for goes first. */
function ranksOf({ pipeline }: Session): ReadonlyMap<string, number> {
  const children = childrenOf(pipeline)
  const ranks = new Map<string, number>()
  for (const { name } of [...pipeline.nodes].reverse())
    ranks.set(name, 1 + Math.max(0, ...children.get(name)!.map((child) => ranks.get(child) ?? 0)))
  return ranks
}

interface Notes {
  add(report: Report): void
  kept(): Pick<Action, 'metrics' | 'notes'>
}

const NOTES_KEPT = 20

function openNotes(): Notes {
  const metrics: Record<string, { value: number; step: number }> = {}
  const notes: string[] = []
  return {
    add(report) {
      if (report.type === 'metric') metrics[report.name] = { value: report.value, step: report.step }
      else if (report.type === 'note' && notes.length < NOTES_KEPT) notes.push(report.text)
    },
    kept: () => ({ ...(Object.keys(metrics).length > 0 && { metrics }), ...(notes.length > 0 && { notes }) }),
  }
}

function eventOf(node: string, report: Report): RunEvent {
  if (report.type === 'metric') return { ...report, type: 'node.metric', node }
  if (report.type === 'note') return { ...report, type: 'node.note', node }
  return { ...report, type: 'node.progress', node }
}
