import { type Runs, sortNumbers } from '@mlpod/math'

/** Distinct values that are counted in a table of hashes; more are sorted. */
const FEW = 1 << 13

/** Returns the runs of numbers (no NaN), which stay in their order: few distinct ones are counted, many are sorted. */
export function tally(values: Float64Array): Runs {
  return counted(values) ?? sorted(values)
}

/** Counts by hashing; undefined as soon as there are more than a few distinct values. */
function counted(values: Float64Array): Runs | undefined {
  const slots = FEW * 4
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
  return {
    values: Float64Array.from(found, (slot) => keys[slot]),
    counts: Float64Array.from(found, (slot) => counts[slot]),
    n: values.length,
  }
}

function sorted(values: Float64Array): Runs {
  const order = spreadSort(values) ?? sortNumbers(values.slice())
  const counts = new Float64Array(order.length)
  let last = -1
  for (let i = 0; i < order.length; i++) {
    if (last < 0 || order[i] !== order[last]) order[++last] = order[i] + 0
    counts[last]++
  }
  return { values: order.subarray(0, last + 1), counts: counts.subarray(0, last + 1), n: order.length }
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

/** Returns the values at places (ascending) of the sorted values, 0 the least. */
export function atPlaces({ values, counts }: Runs, places: readonly number[]): number[] {
  const found: number[] = []
  let [i, seen] = [0, counts[0] ?? 0]
  for (const place of places) {
    while (place >= seen && i < values.length - 1) seen += counts[++i]
    found.push(values[i])
  }
  return found
}

/** Returns quantiles (ascending probabilities), linear between order statistics, in numpy's form. */
export function quantilesOf(runs: Runs, probabilities: readonly number[]): number[] {
  const positions = probabilities.map((p) => (runs.n - 1) * p)
  const places = positions.flatMap((h) => [Math.floor(h), Math.ceil(h)])
  const found = atPlaces(runs, places)
  return positions.map((h, i) => {
    const [low, high] = [found[2 * i], found[2 * i + 1]]
    const part = h - Math.floor(h)
    // halves first: the difference of huge numbers overflows
    if (low === high || part === 0) return low
    return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part)
  })
}

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
