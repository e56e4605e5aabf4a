import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { didYouMean, errorRecord, type Hash, type OutputRecord, PodError, type Rebuilt } from '@mlpod/contract'
import { type Action, type EnvironmentRecord, environment } from '@mlpod/store'
import { putCopy } from './copies.ts'
import type { Made } from './job.ts'
import type { AnyNode } from './node.ts'
import { perform } from './perform.ts'
import { openPool, type Pool } from './pool.ts'
import { rebuild } from './rebuild.ts'
import { eventOf, type Notes, openNotes, record } from './record.ts'
import type { NodeResult, RunOptions } from './run.ts'
import { type Keyed, keyNode, type Session, type Settled, sourcesUntouched } from './session.ts'
import { openSlots, ranksOf } from './slots.ts'

/** Makes the nodes of a session current. */
export interface Runner {
  readonly workers: number
  /** What is known of the nodes that could be keyed, by name. */
  readonly keyed: ReadonlyMap<string, Keyed>
  /** Restores or runs every node and returns how each came out; never throws for what a node does. */
  all(): Promise<ReadonlyMap<string, NodeResult>>
  close(): Promise<void>
}

/** Opens a runner; worker processes start when the first node must run. Throws `NODE_UNKNOWN` for forced nodes that are not there. */
export function openRunner(session: Session, options: RunOptions): Runner {
  const {
    workers = availableParallelism(),
    force = false,
    signal,
    graceMs = 10_000,
    onEvent: emit = () => undefined,
    engines,
  } = options
  const { pod, pipeline, store, code } = session
  const forced = forcedNodes(session, force)
  const slots = openSlots(workers)
  const ranks = ranksOf(pipeline)
  const settled = new Map<string, Settled>()
  const keyed = new Map<string, Keyed>()
  const stop = stopSignal(signal, options.stop, graceMs)
  const halted = (): boolean => (signal?.aborted ?? false) || stop.aborted
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
    const cpu = node.resources?.cpu ?? 1
    machine ??= environment({ engines })
    return await perform(session, node, found, {
      keep: true,
      machine,
      fresh: forced.has(node.name),
      report(report) {
        notes.add(report)
        emit(eventOf(node.name, report))
      },
      async work(job, report) {
        // A foreach takes no place itself: its elements do.
        if (node.each !== undefined) await slots.take(cpu, ranks.get(node.name)!)
        try {
          if (halted()) throw new PodError('NODE_STOPPED', `${node.name}: stopped before it was done`)
          return await openedPool().run(job, {
            report,
            rebuild: rebuildFor(node, cpu),
            timeoutMs: node.timeoutMs,
            stop,
          })
        } finally {
          if (node.each !== undefined) slots.give(cpu)
        }
      },
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
        const outputs = await record(session, node, found, { made, ms, machine: machine!, notes }, (text) =>
          emit({ type: 'node.note', node: node.name, text }),
        )
        await settle(node, key, outputs)
        emit({ type: 'node.finished', node: node.name, key, ms, outputs })
        return { state: 'done', key, ms, outputs }
      } catch (error) {
        const ms = performance.now() - startedAt
        const told = errorRecord(error)
        const final = tried >= times || halted() || told.code === 'CODE_CHANGED'
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
    if (halted()) return skip(node, 'the run was interrupted')
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
    const cpu = node.each === undefined ? (node.resources?.cpu ?? 1) : 0
    if (cpu > 0) await slots.take(cpu, ranks.get(node.name)!)
    try {
      return halted() ? skip(node, 'the run was interrupted') : await execute(node, found)
    } finally {
      if (cpu > 0) slots.give(cpu)
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

function forcedNodes({ wanted, nodes }: Session, force: boolean | readonly string[]): ReadonlySet<string> {
  if (typeof force === 'boolean') return force ? wanted : new Set()
  const names = nodes.map((node) => node.name)
  for (const name of force)
    if (!names.includes(name))
      throw new PodError('NODE_UNKNOWN', `there is no node "${name}" to run${didYouMean(name, names)}`)
  return new Set(force)
}

/** Aborts when running nodes must end: at once by `stop`, `graceMs` after `signal`. */
function stopSignal(signal: AbortSignal | undefined, stop: AbortSignal | undefined, graceMs: number): AbortSignal {
  const grace = new AbortController()
  const begin = (): void => void setTimeout(() => grace.abort(), graceMs).unref()
  if (signal?.aborted) begin()
  else signal?.addEventListener('abort', begin, { once: true })
  return stop === undefined ? grace.signal : AbortSignal.any([stop, grace.signal])
}
