import { type Runs, runsOfSorted, walk } from '../runs.ts'
import { sortNumbers } from '../sort.ts'
import { checkSizes } from './twoSample.ts'

/** Returns the integral of `of`(F - G) over the line, F and G the empirical distribution functions. */
function integral(a: Runs, b: Runs, of: (difference: number) => number): number {
  checkSizes(a, b, 'a distance')
  let [seenA, seenB, sum, last] = [0, 0, 0, Number.NaN]
  walk(a, b, (value, inA, inB) => {
    if (!Number.isNaN(last)) sum += of(seenA / a.n - seenB / b.n) * (value - last)
    seenA += inA
    seenB += inB
    last = value
  })
  return sum
}

/** Returns the earth mover's distance of two samples, in their own unit. Throws `SAMPLE_TOO_SMALL`. Source: Vallender (1974). */
export const wasserstein = (a: Runs, b: Runs): number => integral(a, b, Math.abs)

/** Returns the energy distance of two samples, the root of an own unit. Throws `SAMPLE_TOO_SMALL`. Source: Szekely (2002); scipy's root. */
export const energyDistance = (a: Runs, b: Runs): number => Math.sqrt(2 * integral(a, b, (d) => d * d))

/** Below this many values, sorting them is as fast. */
const FEW = 20_000
/** Values a bucket, about, and the most buckets whose sums stay in fast memory. */
const SHARE = 16
const MOST = 1 << 16

/** How many values of one side lie in each bucket, and how far they lie above its lower end, together. */
interface Buckets {
  readonly counts: Uint32Array
  readonly offsets: Float64Array
}

/**
 * Returns the earth mover's distance of two samples in any order (no NaN, no infinite values), the same number as `wasserstein` up to
 * rounding. Where F - G keeps its sign over a bucket of values, its integral follows from their sum; only values in buckets
 * where the sign may change are sorted. `low` and `high` are the least and the largest of all values.
 */
export function wassersteinOf(a: Float64Array, b: Float64Array, { low, high }: { low: number; high: number }): number {
  const [n, m] = [a.length, b.length]
  const size = Math.min(MOST, Math.floor(Math.min(n, m) / SHARE))
  const width = (high - low) / size
  if (Math.min(n, m) < FEW || !(width > 0 && Number.isFinite(width)))
    return wasserstein(runsOfSorted(sortNumbers(a.slice())), runsOfSorted(sortNumbers(b.slice())))
  const place = { low, width, scale: 1 / width, last: size - 1 }
  const [inA, inB] = [fill(a, place), fill(b, place)]
  const open = new Uint8Array(size)
  let [sum, f, g, unsureA, unsureB] = [0, 0, 0, 0, 0]
  for (let k = 0; k < size; k++) {
    const [p, q] = [inA.counts[k] / n, inB.counts[k] / m]
    const difference = f - g
    if (difference >= q || -difference >= p)
      sum += Math.abs(difference * width + p * width - inA.offsets[k] / n - (q * width - inB.offsets[k] / m))
    else {
      open[k] = 1
      unsureA += inA.counts[k]
      unsureB += inB.counts[k]
    }
    f += p
    g += q
  }
  const [nearA, nearB] = [pick(a, unsureA, open, place), pick(b, unsureB, open, place)]
  return sum + betweenSigns(nearA, nearB, inA, inB, open, place, n, m)
}

interface Place {
  readonly low: number
  readonly width: number
  readonly scale: number
  readonly last: number
}

function fill(values: Float64Array, { low, width, scale, last }: Place): Buckets {
  const counts = new Uint32Array(last + 1)
  const offsets = new Float64Array(last + 1)
  for (let i = 0; i < values.length; i++) {
    const above = values[i] - low
    const k = Math.min(last, (above * scale) | 0)
    counts[k]++
    offsets[k] += above - k * width
  }
  return { counts, offsets }
}

/** Returns the `count` values in open buckets, sorted. */
function pick(values: Float64Array, count: number, open: Uint8Array, { low, scale, last }: Place): Float64Array {
  const kept = new Float64Array(count)
  let size = 0
  for (let i = 0; i < values.length; i++)
    if (open[Math.min(last, ((values[i] - low) * scale) | 0)] === 1) kept[size++] = values[i]
  return sortNumbers(kept)
}

/** The integral of |F - G| over the open buckets, value by value. */
function betweenSigns(
  a: Float64Array,
  b: Float64Array,
  inA: Buckets,
  inB: Buckets,
  open: Uint8Array,
  { low, width }: Place,
  n: number,
  m: number,
): number {
  let [sum, seenA, seenB, i, j] = [0, 0, 0, 0, 0]
  for (let k = 0; k < open.length; k++) {
    if (open[k] === 1) {
      let at = low + k * width
      const [endA, endB] = [i + inA.counts[k], j + inB.counts[k]]
      while (i < endA || j < endB) {
        const next = j >= endB || (i < endA && a[i] <= b[j]) ? a[i] : b[j]
        sum +=
          Math.abs((seenA + inA.counts[k] - (endA - i)) / n - (seenB + inB.counts[k] - (endB - j)) / m) * (next - at)
        at = next
        if (i < endA && a[i] === next) i++
        else j++
      }
      sum += Math.abs((seenA + inA.counts[k]) / n - (seenB + inB.counts[k]) / m) * (low + (k + 1) * width - at)
    }
    seenA += inA.counts[k]
    seenB += inB.counts[k]
  }
  return sum
}
