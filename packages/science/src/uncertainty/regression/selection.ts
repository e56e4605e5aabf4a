/** Scores of one fold in ascending order, with running sums of their weights where they have any. */
export interface SortedScores {
  readonly scores: ArrayLike<number>
  readonly cumulative?: ArrayLike<number>
}

/** Where a score stands: the list and the place in it. */
export interface Place {
  readonly list: number
  readonly index: number
}

/** Below this many candidates they are sorted. */
const FEW = 48

/** Finds the place of a rank among shifted and scaled scores; undefined where there are not so many. */
export type Selection = (offset: ArrayLike<number>, scale: ArrayLike<number>, rank: number) => Place | undefined

/**
 * Returns the function that finds the place of the `rank`-th smallest of offset[k] + scale[k] score over all lists k, scale > 0 (with
 * weights: of the first at which the weight of the smaller ones and its own reaches `rank`). Lists are narrowed around a pivot, so that
 * nothing is merged: O(lists log n) a step. The pivot is guessed from how far the rank is in what is left, and every third time it is
 * the middle, which leaves at most three quarters.
 */
export function selectionOf(lists: readonly SortedScores[]): Selection {
  const count = lists.length
  const [low, high, cut] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)]
  const lengths = Int32Array.from(lists, ({ scores }) => scores.length)
  const mass = (k: number, i: number): number => (i === 0 ? 0 : (lists[k].cumulative?.[i - 1] ?? i))
  const total = lists.reduce((sum, _, k) => sum + mass(k, lengths[k]), 0)
  const room = Math.max(FEW, count)
  const candidates = { value: new Float64Array(room), list: new Int32Array(room), index: new Int32Array(room), size: 0 }
  /** Puts a candidate in its place by value. */
  const insert = (value: number, list: number, index: number): void => {
    const { value: values, list: where, index: at } = candidates
    let i = candidates.size++
    for (; i > 0 && values[i - 1] > value; i--) {
      values[i] = values[i - 1]
      where[i] = where[i - 1]
      at[i] = at[i - 1]
    }
    values[i] = value
    where[i] = list
    at[i] = index
  }
  return (offset, scale, rank) => {
    if (total < rank) return undefined
    low.fill(0)
    high.set(lengths)
    for (let step = 1; ; step++) {
      let [left, from, to] = [0, 0, 0]
      for (let k = 0; k < count; k++) {
        left += high[k] - low[k]
        from += mass(k, low[k])
        to += mass(k, high[k])
      }
      if (left <= FEW) {
        candidates.size = 0
        for (let k = 0; k < count; k++) {
          const { scores } = lists[k]
          for (let i = low[k]; i < high[k]; i++) insert(offset[k] + scale[k] * scores[i], k, i)
        }
        let seen = from
        for (let c = 0; c < candidates.size; c++) {
          const [k, i] = [candidates.list[c], candidates.index[c]]
          seen += mass(k, i + 1) - mass(k, i)
          // sums of weights in another order may miss the rank by their rounding
          if (seen >= rank || c === candidates.size - 1) return { list: k, index: i }
        }
        return undefined
      }
      const share = step % 3 === 0 ? 0.5 : Math.min(1, Math.max(0, (rank - from) / (to - from)))
      candidates.size = 0
      for (let k = 0; k < count; k++) {
        const size = high[k] - low[k]
        if (size === 0) continue
        const at = low[k] + Math.min(size - 1, Math.floor(share * size))
        insert(offset[k] + scale[k] * lists[k].scores[at], k, size)
      }
      // the median of what the lists say, each as heavy as what is left of it
      let pivot = candidates.value[0]
      for (let c = 0, seen = 0; c < candidates.size && 2 * seen < left; c++) {
        seen += candidates.index[c]
        pivot = candidates.value[c]
      }
      let upTo = 0
      for (let k = 0; k < count; k++) {
        const { scores } = lists[k]
        const [start, unit] = [offset[k], scale[k]]
        let [first, last] = [low[k], high[k]]
        while (first < last) {
          const middle = (first + last) >>> 1
          if (start + unit * scores[middle] <= pivot) first = middle + 1
          else last = middle
        }
        cut[k] = first
        upTo += mass(k, first)
      }
      const enough = upTo >= rank
      let moved = false
      for (let k = 0; k < count; k++) {
        const side = enough ? high : low
        moved ||= side[k] !== cut[k]
        side[k] = cut[k]
      }
      if (moved) continue
      // the pivot is the largest of what is left: what is below it decides
      let below = 0
      for (let k = 0; k < count; k++) {
        const { scores } = lists[k]
        let [first, last] = [low[k], high[k]]
        while (first < last) {
          const middle = (first + last) >>> 1
          if (offset[k] + scale[k] * scores[middle] < pivot) first = middle + 1
          else last = middle
        }
        cut[k] = first
        below += mass(k, first)
      }
      if (below >= rank) high.set(cut)
      else for (let k = 0; k < count; k++) if (cut[k] < high[k]) return { list: k, index: cut[k] }
    }
  }
}

/**
 * Returns the `rank`-th smallest of the numbers (rank 1 is the least; no NaN among them), which are left in another order.
 * Source: Hoare 1961, with the middle of three as pivot.
 */
export function quickSelect(values: Float64Array, rank: number): number {
  let [left, right] = [0, values.length - 1]
  const k = rank - 1
  while (left < right) {
    const [a, b, c] = [values[left], values[(left + right) >>> 1], values[right]]
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
    let [i, j] = [left, right]
    while (i <= j) {
      while (values[i] < pivot) i++
      while (values[j] > pivot) j--
      if (i <= j) {
        const held = values[i]
        values[i] = values[j]
        values[j] = held
        i++
        j--
      }
    }
    if (k <= j) right = j
    else if (k >= i) left = i
    else return values[k]
  }
  return values[k]
}

/** Values that are looked at first, and how far around the rank among them the bracket is put. */
const SAMPLE = 256
const MARGIN = 24

/**
 * Returns the `rank`-th smallest of the numbers, which keep their places: a sample puts a bracket around it, one pass gathers what is
 * inside, and only that is searched. `scratch` holds as many numbers. Source: Floyd, Rivest 1975.
 */
export function sampleSelect(values: Float64Array, rank: number, scratch: Float64Array): number {
  const n = values.length
  if (n > 8 * SAMPLE) {
    const sample = new Float64Array(SAMPLE)
    const stride = n / SAMPLE
    for (let i = 0; i < SAMPLE; i++) sample[i] = values[Math.floor(i * stride)]
    sample.sort()
    const at = Math.floor((rank / n) * SAMPLE)
    const low = at < MARGIN ? Number.NEGATIVE_INFINITY : sample[at - MARGIN]
    const high = at + MARGIN >= SAMPLE ? Number.POSITIVE_INFINITY : sample[at + MARGIN]
    let [below, inside] = [0, 0]
    for (let i = 0; i < n; i++) {
      const value = values[i]
      if (value < low) below++
      else if (value <= high) scratch[inside++] = value
    }
    if (rank > below && rank <= below + inside) return quickSelect(scratch.subarray(0, inside), rank - below)
  }
  scratch.set(values)
  return quickSelect(scratch.subarray(0, n), rank)
}
