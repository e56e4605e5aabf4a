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
/** Values of a first bucket: its second buckets stay in the fastest memory. */
const FIRST = 1024

/**
 * Sorts into equal buckets, these into as many smaller ones as they hold values, and within those by insertion: a third of the time of a
 * radix sort where values spread over their range, and that sort for the buckets where they do not. undefined where the
 * range is none.
 */
function spreadSort(values: Float64Array): Float64Array | undefined {
  const n = values.length
  let [low, high] = [Infinity, -Infinity]
  for (let i = 0; i < n; i++) {
    const value = values[i]
    if (value < low) low = value
    if (value > high) high = value
  }
  const buckets = Math.ceil(n / FIRST)
  const scale = (buckets * (1 - 1e-12)) / (high - low)
  if (!(scale > 0 && Number.isFinite(scale))) return undefined
  const starts = new Uint32Array(buckets + 1)
  for (let i = 0; i < n; i++) starts[((values[i] - low) * scale) | 0]++
  let start = 0
  for (let b = 0; b <= buckets; b++) {
    const size = starts[b]
    starts[b] = start
    start += size
  }
  const next = starts.slice()
  const parted = new Float64Array(n)
  for (let i = 0; i < n; i++) parted[next[((values[i] - low) * scale) | 0]++] = values[i]
  const sorted = new Float64Array(n)
  const most = starts.reduce((size, from, b) => Math.max(size, b < buckets ? starts[b + 1] - from : 0), 0)
  const ends = new Uint32Array(most + 1)
  for (let b = 0; b < buckets; b++) sortBucket(parted, sorted, starts[b], starts[b + 1], ends)
  return sorted
}

/** Sorts from[start, end) into the same places of `to`; `ends` is room for as many counts. */
function sortBucket(from: Float64Array, to: Float64Array, start: number, end: number, ends: Uint32Array): void {
  const size = end - start
  let [low, high] = [Infinity, -Infinity]
  for (let i = start; i < end; i++) {
    const value = from[i]
    if (value < low) low = value
    if (value > high) high = value
  }
  const scale = (size - 1) / (high - low)
  const spreads = scale > 0 && Number.isFinite(scale)
  let work = 0
  if (spreads) {
    ends.fill(0, 0, size + 1)
    for (let i = start; i < end; i++) ends[((from[i] - low) * scale) | 0]++
    let place = start
    for (let b = 0; b <= size; b++) {
      work += ends[b] * ends[b]
      place += ends[b]
      ends[b] = place
    }
  }
  if (!spreads || work > CROWDED * size) {
    to.set(low === high ? from.subarray(start, end) : sortNumbers(from.subarray(start, end)), start)
    return
  }
  for (let i = end - 1; i >= start; i--) to[--ends[((from[i] - low) * scale) | 0]] = from[i]
  for (let i = start + 1; i < end; i++) {
    const value = to[i]
    let k = i - 1
    while (k >= start && to[k] > value) {
      to[k + 1] = to[k]
      k--
    }
    to[k + 1] = value
  }
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

/** The first index in [0, size) for which a condition holds that holds from there on; size for none. */
function firstOf(size: number, holds: (i: number) => boolean): number {
  let [low, high] = [0, size]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** Returns the median of the distances from `centre`, by halving: distances ascend to both sides of it. */
export function medianDistance({ values, ends, n }: Tally, centre: number): number {
  const right = firstOf(values.length, (i) => values[i] >= centre)
  const distances = [
    { size: right, at: (i: number) => centre - values[right - 1 - i] },
    { size: values.length - right, at: (i: number) => values[right + i] - centre },
  ] as const
  // values at most as far
  const within = (d: number): number => {
    const [left, above] = distances.map(({ size, at }) => firstOf(size, (i) => at(i) > d))
    const [from, to] = [right - left, right + above]
    return (to === 0 ? 0 : ends[to - 1]) - (from === 0 ? 0 : ends[from - 1])
  }
  const place = (k: number): number =>
    Math.min(
      ...distances.map(({ size, at }) => {
        const i = firstOf(size, (index) => within(at(index)) > k)
        return i < size ? at(i) : Infinity
      }),
    )
  const [low, high] = [place(Math.floor((n - 1) / 2)), place(Math.ceil((n - 1) / 2))]
  return low === high ? low : low + (high - low) / 2
}
