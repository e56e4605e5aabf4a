import { type Runs, sortNumbers } from '@mlpod/math'

/** Distinct values that are counted in a table of hashes; more are sorted. */
const FEW = 1 << 15

/** Runs that know their places: `ends[i]` values are at most as large as `values[i]`. */
export interface Tally extends Runs {
  readonly ends: Float64Array
}

/** Returns the runs of numbers (no NaN), which stay in their order: few distinct ones are counted, many are sorted. */
export const tally = (values: Float64Array): Tally => counted(values) ?? sorted(values)

/** Returns runs with their places. */
export function tallyOf({ values, counts, n }: Runs): Tally {
  const ends = new Float64Array(counts.length)
  let seen = 0
  for (let i = 0; i < counts.length; i++) {
    seen += counts[i]
    ends[i] = seen
  }
  return { values, counts, n, ends }
}

/** Returns how many values are less than a number (`orEqual`: at most as large). */
export function countBelow({ values, ends }: Tally, value: number, orEqual = false): number {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle] < value || (orEqual && values[middle] === value)) low = middle + 1
    else high = middle
  }
  return low === 0 ? 0 : ends[low - 1]
}

/** Counts by hashing; undefined as soon as there are more than a few distinct values. */
function counted(values: Float64Array): Tally | undefined {
  const slots = FEW * 2
  const keys = new Float64Array(slots)
  const counts = new Float64Array(slots)
  const word = new Float64Array(1)
  const words = new Int32Array(word.buffer)
  let distinct = 0
  for (let i = 0; i < values.length; i++) {
    // negative zero is zero
    const value = values[i] + 0
    word[0] = value
    let slot = (Math.imul(words[0] ^ Math.imul(words[1], 0x9e3779b1), 0x85ebca6b) >>> 13) & (slots - 1)
    while (counts[slot] !== 0 && keys[slot] !== value) slot = (slot + 1) & (slots - 1)
    if (counts[slot]++ === 0) {
      keys[slot] = value
      if (++distinct > FEW) return undefined
    }
  }
  const found: number[] = []
  for (let slot = 0; slot < slots; slot++) if (counts[slot] > 0) found.push(slot)
  found.sort((a, b) => keys[a] - keys[b])
  return tallyOf({
    values: Float64Array.from(found, (slot) => keys[slot]),
    counts: Float64Array.from(found, (slot) => counts[slot]),
    n: values.length,
  })
}

function sorted(values: Float64Array): Tally {
  const order = spreadSort(values) ?? sortNumbers(values.slice())
  const n = order.length
  const ends = new Float64Array(n)
  let last = 0
  for (let i = 1; i < n; i++)
    if (order[i] !== order[last]) {
      ends[last++] = i
      order[last] = order[i]
    }
  ends[last] = n
  const size = n === 0 ? 0 : last + 1
  const counts = new Float64Array(size)
  for (let i = 0, before = 0; i < size; i++) {
    counts[i] = ends[i] - before
    before = ends[i]
    // negative zero is zero
    order[i] += 0
  }
  return { values: order.subarray(0, size), counts, n, ends: ends.subarray(0, size) }
}

/** Mean work a value that is worth it: with more in a bucket, a radix sort is as fast. */
const CROWDED = 12

/**
 * Sorts into as many equal buckets as there are values, and within each by insertion: a third of the time of a radix sort where
 * values spread over their range. Returns undefined where they do not.
 */
function spreadSort(values: Float64Array): Float64Array | undefined {
  const n = values.length
  let [low, high] = [Infinity, -Infinity]
  for (let i = 0; i < n; i++) {
    const value = values[i]
    if (value < low) low = value
    if (value > high) high = value
  }
  const scale = (n - 1) / (high - low)
  if (!(scale > 0 && Number.isFinite(scale))) return undefined
  const ends = new Uint32Array(n + 1)
  for (let i = 0; i < n; i++) ends[((values[i] - low) * scale) | 0]++
  let [work, end] = [0, 0]
  for (let b = 0; b < n; b++) {
    work += ends[b] * ends[b]
    end += ends[b]
    ends[b] = end
  }
  if (work > CROWDED * n) return undefined
  const sorted = new Float64Array(n)
  for (let i = n - 1; i >= 0; i--) sorted[--ends[((values[i] - low) * scale) | 0]] = values[i]
  for (let i = 1; i < n; i++) {
    const value = sorted[i]
    let k = i - 1
    while (k >= 0 && sorted[k] > value) {
      sorted[k + 1] = sorted[k]
      k--
    }
    sorted[k + 1] = value
  }
  return sorted
}

/** Returns the value at a place of the sorted values, 0 the least. */
export function atPlace({ values, ends }: Tally, place: number): number {
  let [low, high] = [0, values.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ends[middle] <= place) low = middle + 1
    else high = middle
  }
  return values[low]
}

/** Returns quantiles, linear between order statistics, in numpy's form. */
export const quantilesOf = (all: Tally, probabilities: readonly number[]): number[] =>
  probabilities.map((p) => {
    const h = (all.n - 1) * p
    const [low, high] = [atPlace(all, Math.floor(h)), atPlace(all, Math.ceil(h))]
    const part = h - Math.floor(h)
    if (low === high || part === 0) return low
    return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part)
  })

/** Returns the median of the distances from `centre`: outwards from it, the nearer side first. */
export function medianDistance({ values, counts, n }: Runs, centre: number): number {
  let right = 0
  let end = values.length
  while (right < end) {
    const middle = (right + end) >> 1
    if (values[middle] < centre) right = middle + 1
    else end = middle
  }
  let left = right - 1
  const [low, high] = [Math.floor((n - 1) / 2), Math.ceil((n - 1) / 2)]
  let seen = 0
  let first = Number.NaN
  for (;;) {
    const down = left >= 0 ? centre - values[left] : Infinity
    const up = right < values.length ? values[right] - centre : Infinity
    const distance = Math.min(down, up)
    seen += up <= down ? counts[right++] : counts[left--]
    if (Number.isNaN(first) && seen > low) first = distance
    if (seen > high) return first === distance ? first : first + (distance - first) / 2
  }
}
