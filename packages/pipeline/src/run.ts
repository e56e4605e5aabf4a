import { randomBytes } from 'node:crypto'
import type { ErrorRecord, Hash, OutputRecord, RunEvent, RunStatus } from '@mlpod/contract'
import { type Lock, writeLock } from '@mlpod/store'
import { takeLease } from './lease.ts'
import { nextLock } from './nextLock.ts'
import { inputParameters } from './pipeline.ts'
import type { Pod } from './pod.ts'
import { openRunner } from './runner.ts'
import { openSession, type Session, type SessionOptions } from './session.ts'

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
  /** The pod's model: which dataset it is, and how its identity is read off its file for the lock. */
  readonly model?: { readonly dataset: string; bodyHash(path: string): Promise<Hash> }
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
 * at once in worker processes. A failed node stops only what comes after it. The same call again resumes after any end.
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
      const status = statusOf(nodes, options)
      const lockChanged =
        status === 'finished' &&
        (await writeLock(
          pod.root,
          nextLock({ session, results: nodes, keyed: runner.keyed, model: await modelIn(session, nodes, options) }),
        ))
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

/** The identity of the pod's model, read only when the lock does not name this very one. */
async function modelIn(
  { lock, store }: Session,
  results: ReadonlyMap<string, NodeResult>,
  { model }: RunOptions,
): Promise<Lock['model']> {
  for (const [node, { key, outputs = {} }] of model ? results : [])
    for (const { dataset, hash } of Object.values(outputs)) {
      if (dataset !== model?.dataset) continue
      return lock.model && lock.nodes[node]?.key === key
        ? lock.model
        : { bodyHash: await model.bodyHash(store.path(hash)) }
    }
}

function statusOf(nodes: ReadonlyMap<string, NodeResult>, { signal, stop }: RunOptions): RunStatus {
  const states = [...nodes.values()].map(({ state }) => state)
  if (states.every((state) => state === 'cached' || state === 'done')) return 'finished'
  return signal?.aborted || stop?.aborted ? 'interrupted' : 'failed'
}
