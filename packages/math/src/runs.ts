import type { Spread } from './moments.ts'
import { sortedWithoutNaN } from './rank.ts'

/** Distinct numbers in ascending order, and how often each occurs: what empirical distribution functions are made of. */
export interface Runs {
  readonly values: Float64Array
  readonly counts: Float64Array
  /** The sum of the counts. */
  readonly n: number
}

/** Returns the runs of numbers in any order; NaN are dropped. */
export const runsOf = (numbers: ArrayLike<number>): Runs => runsOfSorted(sortedWithoutNaN(numbers))

/** Returns the runs of sorted numbers, in their own array. */
export function runsOfSorted(sorted: Float64Array): Runs {
  const counts = new Float64Array(sorted.length)
  let last = -1
  for (let i = 0; i < sorted.length; i++) {
    if (last < 0 || sorted[i] !== sorted[last]) sorted[++last] = sorted[i]
    counts[last]++
  }
  return { values: sorted.subarray(0, last + 1), counts: counts.subarray(0, last + 1), n: sorted.length }
}

/** Visits the distinct values of both in ascending order, with how often each occurs in the one and in the other. */
export function walk(a: Runs, b: Runs, visit: (value: number, inA: number, inB: number) => void): void {
  let [i, j] = [0, 0]
  while (i < a.values.length || j < b.values.length) {
    const x = i < a.values.length ? a.values[i] : Infinity
    const y = j < b.values.length ? b.values[j] : Infinity
    const atEnd = i >= a.values.length
    if (!atEnd && (x < y || j >= b.values.length)) visit(x, a.counts[i++], 0)
    else if (atEnd || y < x) visit(y, 0, b.counts[j++])
    else visit(x, a.counts[i++], b.counts[j++])
  }
}

/** Returns the value at a place of the sorted values, 0 the least. */
function atPlace({ values, counts }: Runs, place: number): number {
  let seen = 0
  for (let i = 0; i < values.length; i++) {
    seen += counts[i]
    if (place < seen) return values[i]
  }
  return values[values.length - 1]
}

/** Returns the quantile at p in [0, 1], linear between order statistics; NaN of no values. */
export function quantileOfRuns(runs: Runs, p: number): number {
  const h = (runs.n - 1) * p
  const [low, high] = [atPlace(runs, Math.floor(h)), atPlace(runs, Math.ceil(h))]
  const part = h - Math.floor(h)
  // numpy's form, exact at both ends
  return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part)
}

/** Returns the runs of both sets of numbers together. */
export function pooled(a: Runs, b: Runs): Runs {
  const values = new Float64Array(a.values.length + b.values.length)
  const counts = new Float64Array(values.length)
  let size = 0
  walk(a, b, (value, inA, inB) => {
    values[size] = value
    counts[size++] = inA + inB
  })
  return { values: values.subarray(0, size), counts: counts.subarray(0, size), n: a.n + b.n }
}

/** Returns the spread of runs. */
export function spreadOfRuns({ values, counts, n }: Runs): Spread {
  let mean = 0
  for (let i = 0; i < values.length; i++) mean += (counts[i] / n) * values[i]
  let m2 = 0
  for (let i = 0; i < values.length; i++) m2 += counts[i] * (values[i] - mean) ** 2
  return { n, mean, m2, min: values[0] ?? Infinity, max: values[values.length - 1] ?? -Infinity }
}
