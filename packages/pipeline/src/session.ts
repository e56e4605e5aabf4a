import { type Dataset, type Hash, hashValue, type Json, type OutputRecord, PodError } from '@mlpod/contract'
import { type Action, type Lock, openStore, readLock, type Store } from '@mlpod/store'
import { type CodeReader, type NodeCode, openCode } from './code.ts'
import { outputPath } from './copies.ts'
import type { Job } from './job.ts'
import { type KeyParts, keyParts, paramsOf, runKey, seedOf } from './key.ts'
import type { AnyNode, LateState } from './node.ts'
import { type Params, type ParamsOptions, readParams } from './params.ts'
import { inputDatasets, type Pipeline } from './pipeline.ts'
import { nodesOf, type Pod, pipelineOf } from './pod.ts'
import { closure, type Slice, slice } from './slice.ts'
import { identifySources, type Source } from './sources.ts'

/** What may be chosen of a pod. */
export interface SessionOptions extends ParamsOptions {
  /** One of the pod's pipelines; see `pipelineOf`. */
  readonly pipeline?: string
  /** The nodes wanted; all by default. What they need is always included. */
  readonly only?: Slice
}

/** A pod as it stands: sources identified, code told, parameters read. Runs, `why` and `status` all start from it. */
export interface Session {
  readonly pod: Pod
  readonly pipeline: Pipeline
  readonly store: Store
  readonly lock: Lock
  readonly params: Params
  readonly code: CodeReader
  readonly sources: ReadonlyMap<string, Source>
  /** The nodes wanted, and all that these need, in running order. */
  readonly nodes: readonly AnyNode[]
  /** The names of the nodes wanted. */
  readonly wanted: ReadonlySet<string>
}

/** What is known of a node once all before it is known. */
export interface Keyed {
  readonly key: Hash
  readonly parts: KeyParts
  readonly code: NodeCode
  readonly late: unknown
  /** Hashes of input datasets by argument. */
  readonly inputs: Readonly<Record<string, Hash>>
  /** The result kept under the key, with all of its objects; undefined when there is none. */
  readonly action?: Action
  /** A result is kept, but objects of it are lost. */
  readonly lost?: boolean
}

/** What a settled node gives to those after it. */
export interface Settled {
  readonly key: Hash
  readonly outputs: Readonly<Record<string, OutputRecord>>
}

/** Opens a pod. Throws for everything that is wrong with it, before anything is run or written. */
export async function openSession(
  pod: Pod,
  { pipeline: name, only = {}, env, overrides }: SessionOptions = {},
): Promise<Session> {
  const pipeline = pipelineOf(pod, name)
  const wantedNodes = slice(pipeline, only)
  const wanted = new Set(wantedNodes.map((node) => node.name))
  const needed = closure(wanted, pipeline.parents)
  const nodes = pipeline.nodes.filter((node) => needed.has(node.name))
  const store = openStore(pod.root)
  const [lock, params] = await Promise.all([readLock(pod.root), readParams(pod.root, nodesOf(pod), { env, overrides })])
  const code = openCode(pod, store)
  for (const node of nodes)
    for (const dataset of Object.values(node.outputs)) if (dataset.file !== undefined) outputPath(pod.root, dataset)
  const read = new Map<string, Dataset>()
  for (const node of nodes)
    for (const [, dataset] of inputDatasets(node))
      if (pipeline.sources.has(dataset.name!)) read.set(dataset.name!, dataset)
  const sources = await identifySources(pod.root, read.values(), lock, store)
  await code.readAll(nodes)
  await code.save()
  return { pod, pipeline, store, lock, params, code, sources, nodes, wanted }
}

/** Returns a node's key and what is kept under it. `settled` holds every node before it. */
export async function keyNode(session: Session, node: AnyNode, settled: ReadonlyMap<string, Settled>): Promise<Keyed> {
  const { pod, pipeline, params, store, code: reader } = session
  const inputs: Record<string, Hash> = {}
  for (const [argument, dataset] of inputDatasets(node)) inputs[argument] = inputHash(session, dataset, settled)
  const code = await reader.read(node)
  const late = node.late && (await lateOf(node, { root: pod.root, inputs, code: code.hash }))
  const observed = Object.fromEntries(
    [...closure(pipeline.parents.get(node.name)!, pipeline.parents)].map((name) => [name, settled.get(name)!.key]),
  )
  const parts = keyParts(node, { code, params, inputs, observed, late: late as Json })
  const key = runKey(parts)
  return { key, parts, code, late, inputs, ...(await wholeAction(store, key)) }
}

/** Returns the result kept under a key when all of its objects are there, else whether there was one. */
export async function wholeAction(
  store: Store,
  key: Hash,
): Promise<{ readonly action?: Action; readonly lost?: boolean }> {
  const action = await store.actions.get(key)
  if (action === undefined) return {}
  return (await hasAll(store, action)) ? { action } : { lost: true }
}

/** Returns where the bytes of each input of a node are. Throws `OBJECT_CORRUPT`, `OBJECT_MISSING`. */
export async function inputPaths(
  session: Session,
  node: AnyNode,
  inputs: Readonly<Record<string, Hash>>,
): Promise<Record<string, string>> {
  const paths: Record<string, string> = {}
  for (const [argument, dataset] of inputDatasets(node)) {
    const source = session.sources.get(dataset.name!)
    paths[argument] = source?.path ?? (await session.store.materialize(inputs[argument]))
  }
  return paths
}

function inputHash({ pipeline, sources }: Session, dataset: Dataset, settled: ReadonlyMap<string, Settled>): Hash {
  const maker = pipeline.producers.get(dataset.name!)
  if (maker === undefined) return sources.get(dataset.name!)!.hash
  const outputs = Object.values(settled.get(maker.name)!.outputs)
  return outputs.find((output) => output.dataset === dataset.name)!.hash
}

async function lateOf(node: AnyNode, state: LateState): Promise<unknown> {
  try {
    if (typeof node.late === 'function') return await node.late(state)
    const { module, export: name, argument } = node.late!
    return await (await import(module))[name](argument, state)
  } catch (cause) {
    if (cause instanceof PodError) throw cause
    throw new PodError('NODE_FAILED', `${node.name}: late failed: ${(cause as Error).message}`, { cause })
  }
}

/** Tells whether the store has all objects of a result. Corrupt ones are set aside, and then it has not. */
async function hasAll(store: Store, { outputs }: Action): Promise<boolean> {
  for (const { hash } of Object.values(outputs))
    try {
      await store.check(hash)
    } catch (error) {
      if (error instanceof PodError && /^OBJECT_/.test(error.code)) return false
      throw error
    }
  return true
}

/** Returns a node's execution as plain data. Throws what `inputPaths` throws. */
export async function jobOf(
  session: Session,
  node: AnyNode,
  { inputs, late, key, code }: Keyed,
  keep: boolean,
): Promise<Job> {
  const params = paramsOf(node, session.params)
  return {
    node: node.name,
    inputs: await inputPaths(session, node, inputs),
    params,
    seed: seedOf(node, session.params),
    late,
    identity: { key, code: code.hash, params: hashValue(params), inputs },
    keep,
  }
}

/** Throws `SOURCE_CHANGED` when a source that a node has read is no longer what its key says. */
export async function sourcesUntouched({ sources, store }: Session, node: AnyNode): Promise<void> {
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
