/** Numbers kept in order while more come in. */
export interface OrderedNumbers {
  readonly size: number
  insert(x: number): void
  /** Returns how many are below x. */
  countBelow(x: number): number
  /** Returns how many are at most x. */
  countUpTo(x: number): number
  /** Returns the k-th smallest, k from 1; undefined where there are not so many. */
  at(k: number): number | undefined
}

/** Numbers of one block; a full one is halved. */
const BLOCK = 512

/**
 * Returns numbers kept in order, none at first (no NaN may be put in). Inserting and counting cost some log n comparisons, and steps over
 * blocks of hundreds of numbers: a million numbers are a few thousand blocks.
 */
export function orderedNumbers(): OrderedNumbers {
  const blocks: { readonly values: Float64Array; size: number }[] = []
  let size = 0
  /** The first block whose last number is >= x (or > x). */
  const find = (x: number, beyond: boolean): number => {
    let [low, high] = [0, blocks.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const { values, size: filled } = blocks[middle]
      const last = values[filled - 1]
      if (last < x || (beyond && last === x)) low = middle + 1
      else high = middle
    }
    return low
  }
  const within = (block: number, x: number, beyond: boolean): number => {
    const { values, size: filled } = blocks[block]
    let [low, high] = [0, filled]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (values[middle] < x || (beyond && values[middle] === x)) low = middle + 1
      else high = middle
    }
    return low
  }
  const count = (x: number, beyond: boolean): number => {
    const block = find(x, beyond)
    let before = 0
    for (let b = 0; b < block; b++) before += blocks[b].size
    return block === blocks.length ? before : before + within(block, x, beyond)
  }
  return {
    get size() {
      return size
    },
    insert(x) {
      if (blocks.length === 0) blocks.push({ values: new Float64Array(BLOCK), size: 0 })
      const at = Math.min(find(x, false), blocks.length - 1)
      const block = blocks[at]
      const place = within(at, x, false)
      block.values.copyWithin(place + 1, place, block.size)
      block.values[place] = x
      block.size++
      size++
      if (block.size < BLOCK) return
      const upper = new Float64Array(BLOCK)
      upper.set(block.values.subarray(BLOCK / 2, block.size))
      blocks.splice(at + 1, 0, { values: upper, size: block.size - BLOCK / 2 })
      block.size = BLOCK / 2
    },
    countBelow: (x) => count(x, false),
    countUpTo: (x) => count(x, true),
    at(k) {
      let left = k
      for (const block of blocks) {
        if (left <= block.size) return left < 1 ? undefined : block.values[left - 1]
        left -= block.size
      }
      return undefined
    },
  }
}
