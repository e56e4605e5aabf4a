import { PodError } from '@mlpod/contract'
import { quantiles } from '@mlpod/math'
import { type ScoredOutcomes, type SortedOutcomes, sortedOutcomes } from './pairs.ts'

/**
 * How scores fall into bins; bins are closed on the right, and empty ones are left out.
 * - `equalWidth`: (i / bins, (i + 1) / bins], 0 in the first (Guo et al. 2017).
 * - `equalMass`: equally many rows each, ties kept together.
 * - `sweep`: equal mass, as many bins, up to 1000, as leave the observed frequencies ascending (Roelofs et al. 2022); `bins`
 *   is not read.
 * - `mapieUniform`, `mapieQuantile`, `mapieArraySplit`: the edges of MAPIE 1.6 (`num_bins` edges of [0, 1], of which the first
 *   bin holds values <= 0; percentiles; largest values of parts of the unsorted scores), for parity.
 */
export type BinEdges = 'equalWidth' | 'equalMass' | 'sweep' | 'mapieUniform' | 'mapieQuantile' | 'mapieArraySplit'

/** Sums over the rows of a bin. */
export interface BinSums {
  readonly n: Float64Array
  /** Sum of scores, and number that came true. */
  readonly score: Float64Array
  readonly hits: Float64Array
}

type Binning = (rows: ScoredOutcomes, bins: number) => BinSums

const emptyBins = (bins: number): BinSums => ({
  n: new Float64Array(bins),
  score: new Float64Array(bins),
  hits: new Float64Array(bins),
})

/** Returns the bin of equal width of a score in [0, 1]. */
export function equalWidthBin(score: number, bins: number): number {
  let bin = Math.max(0, Math.ceil(score * bins) - 1)
  // the product rounds: the edges are i / bins
  if (score <= bin / bins && bin > 0) bin--
  else if (score > (bin + 1) / bins) bin++
  return Math.min(bins - 1, bin)
}

/** linspace(0, 1, count), rounded as numpy rounds it: edges that fall on scores decide by the last bit. */
const linspace = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => (i === 0 ? 0 : i === count - 1 ? 1 : i * (1 / (count - 1))))

const BINNINGS: Readonly<Record<BinEdges, Binning>> = {
  equalWidth({ scores, hits }, bins) {
    const out = emptyBins(bins)
    for (let i = 0; i < scores.length; i++) {
      const bin = equalWidthBin(scores[i], bins)
      out.n[bin]++
      out.score[bin] += scores[i]
      out.hits[bin] += hits[i]
    }
    return out
  },
  equalMass: (rows, bins) => byMass(prefixSums(sortedOutcomes(rows)), bins),
  sweep(rows) {
    const sums = prefixSums(sortedOutcomes(rows))
    let best = byMass(sums, 1)
    for (let bins = 2; bins <= Math.min(1000, rows.scores.length); bins++) {
      const next = byMass(sums, bins)
      if (!ascending(next)) break
      best = next
    }
    return best
  },
  mapieUniform: (rows, bins) => byEdges(rows, linspace(bins)),
  mapieQuantile: (rows, bins) =>
    byEdges(
      rows,
      quantiles(
        rows.scores,
        linspace(bins).map((p) => (p * 100) / 100),
      ),
    ),
  mapieArraySplit(rows, bins) {
    const n = rows.scores.length
    if (bins > n) throw new PodError('BINS_INVALID', `${n} rows cannot be split into ${bins} parts`)
    // the first parts have one row more
    const [size, longer] = [Math.floor(n / bins), n % bins]
    const edges = Array.from({ length: bins - 1 }, (_, part) => {
      const from = part * size + Math.min(part, longer)
      return rows.scores
        .subarray(from, from + size + (part < longer ? 1 : 0))
        .reduce((a, b) => Math.max(a, b), -Infinity)
    })
    return byEdges(rows, [...edges.sort((a, b) => a - b), Infinity])
  },
}

/** Running sums over distinct scores, from 0. */
function prefixSums({ scores, n, hits }: SortedOutcomes): BinSums {
  const out = emptyBins(scores.length + 1)
  for (let i = 0; i < scores.length; i++) {
    out.n[i + 1] = out.n[i] + n[i]
    out.score[i + 1] = out.score[i] + n[i] * scores[i]
    out.hits[i + 1] = out.hits[i] + hits[i]
  }
  return out
}

/** Bins of equally many rows: each ends at the first distinct score that reaches its share. */
function byMass({ n, score, hits }: BinSums, bins: number): BinSums {
  const out = emptyBins(bins)
  const last = n.length - 1
  let [from, filled] = [0, 0]
  for (let bin = 1; bin <= bins && from < last; bin++) {
    const share = Math.round((bin * n[last]) / bins)
    if (share <= n[from]) continue
    let [low, high] = [from + 1, last]
    while (low < high) {
      const middle = (low + high) >> 1
      if (n[middle] < share) low = middle + 1
      else high = middle
    }
    out.n[filled] = n[low] - n[from]
    out.score[filled] = score[low] - score[from]
    out.hits[filled++] = hits[low] - hits[from]
    from = low
  }
  return out
}

function ascending({ n, hits }: BinSums): boolean {
  for (let bin = 1; bin < n.length && n[bin] > 0; bin++)
    if (hits[bin] / n[bin] < hits[bin - 1] / n[bin - 1]) return false
  return true
}

/** Bin i holds scores in (edge i - 1, edge i]; scores above all edges are in none. */
function byEdges({ scores, hits }: ScoredOutcomes, edges: readonly number[]): BinSums {
  const out = emptyBins(edges.length)
  for (let i = 0; i < scores.length; i++) {
    let [low, high] = [0, edges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (edges[middle] < scores[i]) low = middle + 1
      else high = middle
    }
    if (low === edges.length) continue
    out.n[low]++
    out.score[low] += scores[i]
    out.hits[low] += hits[i]
  }
  return out
}

/** Returns the sums of each bin. Throws `BINS_INVALID` unless `bins` is a whole number >= 1. */
export function binned(rows: ScoredOutcomes, bins: number, edges: BinEdges): BinSums {
  if (!(Number.isInteger(bins) && bins >= 1))
    throw new PodError('BINS_INVALID', `${bins} is no number of bins`, { hint: 'a whole number >= 1' })
  return BINNINGS[edges](rows, bins)
}
