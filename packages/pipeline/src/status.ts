import { existsSync } from 'node:fs'
import type { Hash } from '@mlpod/contract'
import { outputPath } from './copies.ts'
import type { Pod } from './pod.ts'
import { openSession, type SessionOptions } from './session.ts'
import { type NodePlan, planNodes } from './why.ts'

/** A pod compared with its lock. */
export interface PodStatus {
  readonly pod: string
  readonly nodes: readonly NodePlan[]
  /** Sources that nodes read: `new` to the lock, `changed` against it, or the `same`. */
  readonly sources: readonly {
    readonly dataset: string
    readonly file: string
    readonly hash: Hash
    readonly size: number
    readonly state: 'new' | 'changed' | 'same'
  }[]
  /** Copies of outputs of cached nodes that are `missing` or were `edited` by hand; a run puts them back. */
  readonly copies: readonly { readonly dataset: string; readonly file: string; readonly state: 'missing' | 'edited' }[]
}

/** Returns how a pod stands, without running anything. Throws what `openSession` throws. */
export async function status(pod: Pod, options: SessionOptions = {}): Promise<PodStatus> {
  const session = await openSession(pod, options)
  const { store, lock, sources, pipeline } = session
  const nodes = await planNodes(session)
  const copies: { dataset: string; file: string; state: 'missing' | 'edited' }[] = []
  for (const { state, key, node: name } of nodes) {
    const action = state === 'cached' && key !== undefined ? await store.actions.get(key) : undefined
    const node = session.nodes.find((one) => one.name === name)!
    for (const [argument, dataset] of Object.entries(node.outputs)) {
      if (action === undefined || dataset.file === undefined) continue
      const path = outputPath(pod.root, dataset)
      const there = existsSync(path) ? (await store.identify(path)).hash : undefined
      if (there === action.outputs[argument].hash) continue
      copies.push({ dataset: dataset.name!, file: dataset.file, state: there === undefined ? 'missing' : 'edited' })
    }
  }
  await store.save()
  return {
    pod: pod.name,
    nodes,
    sources: [...sources].map(([dataset, { hash, size }]) => {
      const before = lock.data[dataset]?.hash
      const file = pipeline.sources.get(dataset)!.file!
      return { dataset, file, hash, size, state: before === undefined ? 'new' : before === hash ? 'same' : 'changed' }
    }),
    copies,
  }
}
