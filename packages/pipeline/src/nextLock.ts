import type { Hash } from '@mlpod/contract'
import type { Lock, LockedNode } from '@mlpod/store'
import { inputParameters } from './pipeline.ts'
import type { NodeResult } from './run.ts'
import type { Keyed, Session } from './session.ts'

/** What a lock is made of. */
interface LockParts {
  readonly session: Session
  readonly results: ReadonlyMap<string, NodeResult>
  readonly keyed: ReadonlyMap<string, Keyed>
  readonly model?: { readonly bodyHash: Hash }
}

/**
 * Returns the lock after a complete run: what other nodes and sources had stays, as long as they exist. So does the entry of
 * a node whose key is the same: other bytes under an equal key (another machine, a node that measures time) are never
 * written over those that the lock names.
 */
export function nextLock({ session, results, keyed, model }: LockParts): Lock {
  const { lock, sources, pod, params: given } = session
  const all = Object.values(pod.pipelines)
  const nodeNames = new Set(all.flatMap(({ nodes }) => nodes.map(({ name }) => name)))
  const sourceNames = new Set(all.flatMap(({ sources: read }) => [...read.keys()]))
  const kept = <T>(entries: Readonly<Record<string, T>>, names: ReadonlySet<string>): [string, T][] =>
    Object.entries(entries).filter(([name]) => names.has(name))
  return {
    version: 1,
    ...((model ?? lock.model) && { model: model ?? lock.model }),
    data: Object.fromEntries([
      ...kept(lock.data, sourceNames),
      ...[...sources].map(([name, { hash, size }]) => [name, { hash, size }] as const),
    ]),
    nodes: Object.fromEntries([
      ...kept(lock.nodes, nodeNames),
      ...session.nodes.map((node): [string, LockedNode] => {
        const { key, code, inputs } = keyed.get(node.name)!
        const before = lock.nodes[node.name]
        if (before?.key === key) return [node.name, before]
        const outputs = results.get(node.name)!.outputs!
        const params = inputParameters(node).map(([, parameter]) => [parameter.name, given.value(parameter)] as const)
        return [
          node.name,
          {
            key,
            code: code.hash,
            params: Object.fromEntries(params),
            inputs,
            outputs: Object.fromEntries(Object.entries(outputs).map(([argument, { hash }]) => [argument, hash])),
          },
        ]
      }),
    ]),
  }
}
