import type { Lock } from '@mlpod/store'
import { inputParameters } from './pipeline.ts'
import type { NodeResult } from './run.ts'
import type { Keyed, Session } from './session.ts'

/** Returns the lock after a complete run: what other nodes and sources had stays, as long as they exist. */
export function nextLock(
  session: Session,
  results: ReadonlyMap<string, NodeResult>,
  keyed: ReadonlyMap<string, Keyed>,
): Lock {
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
