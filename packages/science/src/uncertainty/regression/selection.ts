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

/**
 * Returns the place of the `rank`-th smallest of offset[k] + scale[k] score over all lists k, scale > 0 (with weights: the first at
 * which the weight of the smaller ones and its own reaches `rank`), or undefined where there are not so many. Lists are narrowed
 * around a pivot, so that nothing is merged: O(lists log n) a step, and a step leaves about half.
 */
export function selectShifted(
  lists: readonly SortedScores[],
  offset: ArrayLike<number>,
  scale: ArrayLike<number>,
  rank: number,
): Place | undefined {
  const low = new Int32Array(lists.length)
  const high = Int32Array.from(lists, ({ scores }) => scores.length)
  const cut = new Int32Array(lists.length)
  const value = (k: number, i: number): number => offset[k] + scale[k] * lists[k].scores[i]
  const mass = (k: number, i: number): number => (i === 0 ? 0 : (lists[k].cumulative?.[i - 1] ?? i))
  if (lists.reduce((sum, _, k) => sum + mass(k, high[k]), 0) < rank) return undefined
  for (;;) {
    let [left, largest] = [0, 0]
    for (let k = 0; k < lists.length; k++) {
      left += high[k] - low[k]
      if (high[k] - low[k] > high[largest] - low[largest]) largest = k
    }
    if (left <= FEW) break
    const pivot = pivotOf(lists.length, low, high, value)
    let upTo = 0
    for (let k = 0; k < lists.length; k++) {
      // the first beyond the pivot
      let [from, to] = [low[k], high[k]]
      while (from < to) {
        const middle = (from + to) >>> 1
        if (value(k, middle) <= pivot) from = middle + 1
        else to = middle
      }
      cut[k] = from
      upTo += mass(k, from)
    }
    const enough = upTo >= rank
    let moved = false
    for (let k = 0; k < lists.length; k++) {
      const side = enough ? high : low
      moved ||= side[k] !== cut[k]
      side[k] = cut[k]
    }
    // all that is left equals the pivot
    if (!moved) return largestAtMost(lists, low, high, value)
  }
  const rest: (Place & { readonly value: number; readonly weight: number })[] = []
  let seen = 0
  for (let k = 0; k < lists.length; k++) {
    seen += mass(k, low[k])
    for (let i = low[k]; i < high[k]; i++)
      rest.push({ list: k, index: i, value: value(k, i), weight: mass(k, i + 1) - mass(k, i) })
  }
  rest.sort((a, b) => a.value - b.value)
  for (const place of rest) {
    seen += place.weight
    if (seen >= rank) return { list: place.list, index: place.index }
  }
  // sums of weights in another order may miss the rank by their rounding
  return rest.at(-1)
}

/** The median of the middles of what is left of each list, each as heavy as what is left of it. */
function pivotOf(count: number, low: Int32Array, high: Int32Array, value: (k: number, i: number) => number): number {
  const middles: { readonly value: number; readonly weight: number }[] = []
  let total = 0
  for (let k = 0; k < count; k++) {
    const weight = high[k] - low[k]
    if (weight === 0) continue
    middles.push({ value: value(k, (low[k] + high[k] - 1) >>> 1), weight })
    total += weight
  }
  middles.sort((a, b) => a.value - b.value)
  let seen = 0
  for (const middle of middles) {
    seen += middle.weight
    if (2 * seen >= total) return middle.value
  }
  return middles[0].value
}

function largestAtMost(
  lists: readonly SortedScores[],
  low: Int32Array,
  high: Int32Array,
  value: (k: number, i: number) => number,
): Place {
  let best: (Place & { readonly value: number }) | undefined
  for (let k = 0; k < lists.length; k++) {
    if (high[k] === low[k]) continue
    const candidate = { list: k, index: high[k] - 1, value: value(k, high[k] - 1) }
    if (best === undefined || candidate.value > best.value) best = candidate
  }
  return best as Place
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
