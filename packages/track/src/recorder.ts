import { canonical, type Json, type RunEvent, type RunStatus } from '@mlpod/contract'
import type { CodeState } from './codeState.ts'
import type { RunState, Tables } from './tables.ts'
import type { Track } from './track.ts'
import type { Batch, MetricPoint } from './write.ts'

/** What is known of a run beside its events. */
export interface RecorderOptions {
  /** The experiment; the pod's name by default. */
  readonly experiment?: string
  /** The run's name; made from its id by default. */
  readonly name?: string
  /** What was typed. */
  readonly command?: string
  readonly code?: CodeState
  readonly tags?: Readonly<Record<string, string>>
  /** Told once when recording fails; the run goes on unrecorded. Silent by default. */
  readonly onProblem?: (error: unknown) => void
}

const FLUSH_MS = 250
const FLUSH_ITEMS = 1000

const STATES: Readonly<Record<RunStatus, RunState>> = { finished: 'FINISHED', failed: 'FAILED', interrupted: 'KILLED' }

/**
 * Returns a function that records the run whose events it is given: parameters, metrics by step, sources, outputs,
 * nodes, code and command. It writes in batches (at least each 250 ms while events come, and at the end), and never throws.
 */
export function recorder(track: Track, options: RecorderOptions = {}): (event: RunEvent) => void {
  let run: string | undefined
  let broken = false
  let pending = emptyPending()
  let count = 0
  let timer: NodeJS.Timeout | undefined

  const flush = (last: Pick<Batch, 'status' | 'endTime'> = {}): void => {
    clearTimeout(timer)
    timer = undefined
    if (run === undefined) return
    const { nodes, ...rest } = pending
    pending = emptyPending()
    count = 0
    track.write(run, { ...rest, nodes: [...nodes.values()], ...last })
  }

  const take = (event: RunEvent): void => {
    const now = Date.now()
    if (event.type === 'run.started') {
      run = event.run
      track.begin({ id: run, experiment: options.experiment ?? event.pod, name: options.name, startTime: now })
      track.write(run, first(event, options))
      return
    }
    if (event.type === 'run.finished') {
      flush({ status: STATES[event.status], endTime: now })
      return
    }
    count++
    if (event.type === 'node.metric') {
      const { name, value, step } = event
      pending.metrics.push({ key: name, value, step: Math.trunc(step), timestamp: now })
    } else if (event.type !== 'node.progress' && event.type !== 'node.note') {
      const row = nodeRow(event, now)
      pending.nodes.set(event.node, { ...pending.nodes.get(event.node), ...row })
      if ('outputs' in event)
        for (const { dataset, hash, size } of Object.values(event.outputs))
          pending.artifacts.push({ path: dataset, hash, size })
    }
    if (count >= FLUSH_ITEMS) flush()
    else timer ??= setTimeout(guarded, FLUSH_MS).unref()
  }

  const guard = (work: () => void): void => {
    if (broken) return
    try {
      work()
    } catch (error) {
      broken = true
      clearTimeout(timer)
      options.onProblem?.(error)
    }
  }
  const guarded = (): void => guard(() => flush())
  return (event) => guard(() => take(event))
}

interface Pending {
  readonly metrics: MetricPoint[]
  readonly artifacts: { path: string; hash: string; size: number }[]
  readonly nodes: Map<string, Partial<Tables['nodes']>>
}

const emptyPending = (): Pending => ({ metrics: [], artifacts: [], nodes: new Map() })

/** What is known when a run starts. */
function first(event: RunEvent & { type: 'run.started' }, { command, code, tags }: RecorderOptions): Batch {
  return {
    params: flatten(event.params ?? {}),
    inputs: Object.entries(event.sources ?? {}).map(([name, { hash, file }]) => ({
      name,
      digest: hash.slice(0, 36),
      source: canonical({ file, sha256: hash }),
    })),
    nodes: event.nodes.map((node) => ({ node, state: 'waiting' })),
    tags: {
      'mlflow.source.type': 'LOCAL',
      ...(command !== undefined && { 'mlflow.source.name': command }),
      ...(code && { 'mlflow.source.git.commit': code.commit, 'mlpod.changed': String(code.changed) }),
      ...(code?.branch !== undefined && { 'mlflow.source.git.branch': code.branch }),
      ...tags,
    },
  }
}

type NodeEvent = Exclude<
  RunEvent,
  { type: 'run.started' | 'run.finished' | 'node.metric' | 'node.progress' | 'node.note' }
>

function nodeRow(event: NodeEvent, now: number): Partial<Tables['nodes']> {
  const { node } = event
  switch (event.type) {
    case 'node.started':
      return { node, state: 'running', key: event.key, attempt: event.attempt, start_time: now }
    case 'node.cached':
      return { node, state: 'cached', key: event.key, outputs: canonical(event.outputs) }
    case 'node.finished':
      return { node, state: 'done', key: event.key, ms: event.ms, outputs: canonical(event.outputs) }
    case 'node.failed':
      return { node, state: 'failed', attempt: event.attempt, ms: event.ms, error: canonical(event.error) }
    case 'node.skipped':
      return { node, state: 'skipped', because: event.because }
  }
}

/** Parameters as MLflow keeps them: texts by dotted name; lists as JSON. */
function flatten(values: Readonly<Record<string, Json | undefined>>, prefix = ''): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue
    const name = prefix + key
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      Object.assign(flat, flatten(value as Record<string, Json>, `${name}.`))
    else flat[name] = typeof value === 'string' ? value : canonical(value)
  }
  return flat
}
