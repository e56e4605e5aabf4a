import type { CategorySample, NumberSample, Sample } from './sample.ts'
import { asCategories, hasMoreThan } from './sample.ts'

/** Shares of both sides in the same bins (`edges`) or categories (`keys`). */
export interface Shares {
  readonly reference: Float64Array
  readonly current: Float64Array
  readonly edges?: readonly number[]
  readonly keys?: readonly string[]
}

/** How numbers are put into bins. `pooled`: equal bins over both sides; `reference`: of the reference alone, so that reports compare. */
export interface BinOptions {
  readonly edges?: 'pooled' | 'reference'
  /** The number of bins; by default Sturges' rule. */
  readonly bins?: number
}

/** Numbers with at most so many distinct values on the reference side are taken as they are. Source: Evidently 0.7. */
const FEW = 20

/** Returns the smallest and the largest value of some samples. */
export const rangeOf = (...samples: readonly NumberSample[]): { low: number; high: number } => ({
  low: Math.min(...samples.map((sample) => sample.spread().min)),
  high: Math.max(...samples.map((sample) => sample.spread().max)),
})

/**
 * Returns equal bins over [low, high] for n values by Sturges' rule. Source: numpy 2.4 `histogram_bin_edges`: bins of whole
 * numbers are at least 1 wide.
 */
export function sturges(low: number, high: number, n: number, { integer = false } = {}): number[] {
  const width = (high - low) / (Math.log2(n) + 1)
  return equalBins(low, high, high > low ? Math.ceil((high - low) / (integer ? Math.max(1, width) : width)) : 1)
}

/** Returns the edges of `count` equal bins over [low, high], half wider on both sides where that is one point. */
export function equalBins(low: number, high: number, count: number): number[] {
  const [first, last] = high > low ? [low, high] : [low - 0.5, high + 0.5]
  const step = (last - first) / count
  return Array.from({ length: count + 1 }, (_, i) => (i === count ? last : i * step + first))
}

/** Returns how many values lie in each bin: [edge, next edge), the last one with its end; what lies beyond is counted in the outer bins. */
export function countInBins(values: Float64Array, edges: readonly number[], times?: Float64Array): Float64Array {
  const last = edges.length - 2
  const counts = new Float64Array(last + 1)
  const [low, scale] = [edges[0], (last + 1) / (edges[last + 1] - edges[0])]
  const limits = Float64Array.from(edges)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    // the place that equal bins would have, then the edges themselves decide
    const guess = (value - low) * scale
    let bin = guess > 0 ? (guess < last ? guess | 0 : last) : 0
    while (bin > 0 && value < limits[bin]) bin--
    while (bin < last && value >= limits[bin + 1]) bin++
    counts[bin] += times ? times[i] : 1
  }
  return counts
}

/** Returns the shares of equal bins for a picture: a value within rounding of an edge may count on either side. */
export function roughShares(
  { tallied: { values, counts: times }, n }: NumberSample,
  edges: readonly number[],
): Float64Array {
  const last = edges.length - 2
  const counts = new Float64Array(last + 1)
  const [low, scale] = [edges[0], (last + 1) / (edges[last + 1] - edges[0])]
  if (times) for (let i = 0; i < values.length; i++) counts[Math.min(last, ((values[i] - low) * scale) | 0)] += times[i]
  else countPlaces(values, low, scale, counts)
  return overTotal(counts, n)
}

/** Adds how many values lie in each equal bin; two of them in turn, which do not wait for each other where both lie in the same one. */
function countPlaces(values: Float64Array, low: number, scale: number, counts: Float64Array): void {
  const last = counts.length - 1
  const [even, odd] = [new Uint32Array(last + 1), new Uint32Array(last + 1)]
  const pairs = values.length & ~1
  for (let i = 0; i < pairs; i += 2) {
    even[Math.min(last, ((values[i] - low) * scale) | 0)]++
    odd[Math.min(last, ((values[i + 1] - low) * scale) | 0)]++
  }
  if (pairs < values.length) even[Math.min(last, ((values[pairs] - low) * scale) | 0)]++
  for (let k = 0; k <= last; k++) counts[k] += even[k] + odd[k]
}

const overTotal = (counts: Float64Array, n: number): Float64Array => counts.map((count) => count / n)

/** Returns the shares of both sides by category: those of either, sorted. */
export function categoryShares(
  reference: CategorySample,
  current: CategorySample,
): Shares & { readonly keys: string[] } {
  const keys = keysOf(reference, current)
  const share = ({ counts, n }: CategorySample) => Float64Array.from(keys, (key) => (counts.get(key) ?? 0) / n)
  return { keys, reference: share(reference), current: share(current) }
}

/** Returns the counts of both sides by category. */
export function categoryCounts(reference: CategorySample, current: CategorySample) {
  const keys = keysOf(reference, current)
  const count = ({ counts }: CategorySample) => Float64Array.from(keys, (key) => counts.get(key) ?? 0)
  return { keys, reference: count(reference), current: count(current) }
}

const keysOf = (a: CategorySample, b: CategorySample): string[] => {
  const keys = [...new Set([...a.counts.keys(), ...b.counts.keys()])]
  return keys.every((key) => key !== '' && Number.isFinite(Number(key)))
    ? keys.sort((x, y) => Number(x) - Number(y))
    : keys.sort((x, y) => (x < y ? -1 : x > y ? 1 : 0))
}

/** Returns numbers or categories as categories. */
export const categories = (sample: Sample): CategorySample =>
  sample.kind === 'number' ? asCategories(sample) : (sample as CategorySample)

/** Returns the shares that divergences compare: of bins for numbers of many values, else of the values themselves. */
export function sharesOf(reference: Sample, current: Sample, options: BinOptions = {}): Shares {
  if (reference.kind !== 'number' || current.kind !== 'number' || !hasMoreThan(FEW, reference))
    return categoryShares(categories(reference), categories(current))
  return binShares(reference, current, edgesOf(reference, current, options))
}

function edgesOf(reference: NumberSample, current: NumberSample, { edges = 'pooled', bins }: BinOptions): number[] {
  const samples = edges === 'pooled' ? [reference, current] : [reference]
  const { low, high } = rangeOf(...samples)
  if (bins !== undefined) return equalBins(low, high, bins)
  const integer = samples.every((sample) => sample.integer && sample.missing === 0)
  return sturges(
    low,
    high,
    samples.reduce((sum, { n }) => sum + n, 0),
    { integer },
  )
}

/** Returns the shares of both sides in given bins; values beyond them count in the outer ones. */
export const binShares = (reference: NumberSample, current: NumberSample, edges: readonly number[]): Shares => ({
  edges,
  reference: overTotal(countInBins(reference.tallied.values, edges, reference.tallied.counts), reference.n),
  current: overTotal(countInBins(current.tallied.values, edges, current.tallied.counts), current.n),
})

/**
 * Returns shares without zeros: each becomes 0.0001, or a millionth of the smallest other where that is not larger. They
 * are not made to add up to 1 again. Source: Evidently 0.7.
 */
export function withoutZeros(shares: Float64Array): Float64Array {
  let smallest = Infinity
  for (const share of shares) if (share > 0 && share < smallest) smallest = share
  const least = smallest <= 0.0001 ? smallest / 1e6 : 0.0001
  return shares.map((share) => (share === 0 ? least : share))
}
