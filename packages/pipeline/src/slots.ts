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
