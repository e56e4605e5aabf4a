import { readFile } from 'node:fs/promises'
import type { Evidence, OutputRecord } from '@mlpod/contract'
import { type AnyNode, nodesOf, type Pod } from '@mlpod/pipeline'
import { openStore } from '@mlpod/store'

/** The tag of nodes that verify promises; their output `evidence` is what the commands read. */
export const VERIFY = 'verify'

/** Returns the pod's verifying node, if it has one. */
export const verifyingNode = (pod: Pick<Pod, 'pipelines'>): AnyNode | undefined =>
  nodesOf(pod).find(({ tags }) => tags?.includes(VERIFY))

/** Returns the evidence that a verifying node made, of the model and of this machine. */
export async function readEvidence(
  pod: Pod,
  outputs: Readonly<Record<string, OutputRecord>> | undefined,
): Promise<readonly Evidence[]> {
  const store = openStore(pod.root)
  const made = Object.values(outputs ?? {})
  return (
    await Promise.all(
      made.map(async ({ hash }) => JSON.parse(await readFile(store.path(hash), 'utf8')) as readonly Evidence[]),
    )
  ).flat()
}
