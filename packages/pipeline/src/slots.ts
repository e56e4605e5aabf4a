import type { Pipeline } from './pipeline.ts'
import { childrenOf } from './slice.ts'

/** Places for work: who comes first among those of the highest rank gets the next free ones. */
export interface Slots {
  /** Waits for `count` places (never more than there are); a higher rank goes first. */
  take(count: number, rank: number): Promise<void>
  give(count: number): void
}

/** Makes `total` places. */
export function openSlots(total: number): Slots {
  let free = total
  const queue: { count: number; rank: number; enter(): void }[] = []
  const admit = (): void => {
    while (queue.length > 0 && queue[0].count <= free) {
      const { count, enter } = queue.shift()!
      free -= count
      enter()
    }
  }
  return {
    take: (wanted, rank) =>
      new Promise((enter) => {
        const at = queue.findIndex((other) => other.rank < rank)
        queue.splice(at < 0 ? queue.length : at, 0, { count: Math.min(wanted, total), rank, enter })
        admit()
      }),
    give(count) {
      free += Math.min(count, total)
      admit()
    },
  }
}

/** Returns how long the longest way from each node to an end is, in nodes: what most waits for goes first. */
export function ranksOf(pipeline: Pipeline): ReadonlyMap<string, number> {
  const children = childrenOf(pipeline)
  const ranks = new Map<string, number>()
  for (const { name } of [...pipeline.nodes].reverse())
    ranks.set(name, 1 + Math.max(0, ...children.get(name)!.map((child) => ranks.get(child) ?? 0)))
  return ranks
}
