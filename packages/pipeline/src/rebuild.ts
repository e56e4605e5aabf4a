import { PodError, type Rebuilt } from '@mlpod/contract'
import type { AnyNode } from './node.ts'
import { perform } from './perform.ts'
import type { Pool } from './pool.ts'
import type { Keyed, Session, Settled } from './session.ts'
import { closure } from './slice.ts'
import type { Slots } from './slots.ts'

/** What rebuilding needs of a run. */
export interface RebuildOptions {
  readonly keyed: ReadonlyMap<string, Keyed>
  readonly settled: ReadonlyMap<string, Settled>
  readonly slots: Slots
  readonly pool: Pool
  readonly stop: AbortSignal
}

/**
 * Runs nodes before `asker` again, from the inputs they had, and returns the hashes of each output made twice; nothing is
 * kept. Throws `NODE_UNKNOWN` for names that do not come before it, and what the nodes throw.
 */
export async function rebuild(
  session: Session,
  asker: AnyNode,
  names: readonly string[] | undefined,
  { keyed, settled, slots, pool, stop }: RebuildOptions,
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
      const made = await perform(session, node, keyed.get(node.name)!, {
        keep: false,
        report: () => undefined,
        async work(job, report) {
          await slots.take(cpu, Number.POSITIVE_INFINITY)
          try {
            return await pool.run(job, { report, rebuild: () => nested(node.name), timeoutMs: node.timeoutMs, stop })
          } finally {
            slots.give(cpu)
          }
        },
      })
      return Object.entries(made).map(([argument, { hash }]) => ({
        node: node.name,
        output: argument,
        first: settled.get(node.name)!.outputs[argument].hash,
        second: hash,
      }))
    }),
  )
  return rebuilt.flat()
}

const nested = async (name: string): Promise<never> => {
  throw new PodError('REBUILD_NESTED', `${name}: a node that is being rebuilt cannot rebuild others`)
}
