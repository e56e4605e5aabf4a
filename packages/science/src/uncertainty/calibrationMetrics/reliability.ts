import { quantile, random } from '@mlpod/math'
import { type BinEdges, type BinSums, binned, equalWidthBin } from './bins.ts'
import { gap } from './expectedCalibrationError.ts'
import { type CalibrationKind, outcomesOf, type ScoredOutcomes } from './pairs.ts'

/** Settings of a reliability diagram. */
export interface ReliabilityOptions {
  readonly kind?: Extract<CalibrationKind, 'binary' | 'confidence'>
  readonly bins?: number
  readonly edges?: Extract<BinEdges, 'equalWidth' | 'equalMass'>
  /** Of the intervals; 0.95 by default. */
  readonly confidence?: number
  /** Bootstrap resamples of rows; 400 by default. */
  readonly resamples?: number
  readonly seed?: number
}

/** One bin of a reliability diagram with the bootstrap interval of its frequency. */
export interface ReliabilityPoint {
  readonly n: number
  readonly mean: number
  readonly frequency: number
  readonly lower: number
  readonly upper: number
}

/** A reliability diagram with the calibration error over its bins; plain data. */
export interface Reliability {
  readonly points: readonly ReliabilityPoint[]
  readonly error: { readonly estimate: number; readonly lower: number; readonly upper: number }
  readonly n: number
}

/**
 * Returns the bins of a reliability diagram (`binary` and 15 of equal mass by default), the mean gap over them, and percentile
 * intervals of both over bootstrap resamples of the rows (Efron 1979); bins are kept as they are.
 * Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `LABEL_UNKNOWN`, `BINS_INVALID`.
 */
export function reliability(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  {
    kind = 'binary',
    bins = 15,
    edges = 'equalMass',
    confidence = 0.95,
    resamples = 400,
    seed = 0,
  }: ReliabilityOptions = {},
): Reliability {
  const [rows] = outcomesOf(probabilities, labels, kind)
  const sums = binned(rows, bins, edges)
  const cells = cellsOfRows(rows, sums, edges)
  const { uniform } = random({ seed, path: 'reliability' })
  const n = rows.scores.length
  const drawn = Array.from({ length: sums.n.length }, () => new Float64Array(resamples))
  const errors = new Float64Array(resamples)
  for (let b = 0; b < resamples; b++) {
    const again = { n: new Float64Array(bins), score: new Float64Array(bins), hits: new Float64Array(bins) }
    for (let i = 0; i < n; i++) {
      const row = Math.floor(uniform(b * n + i) * n)
      again.n[cells[row]]++
      again.score[cells[row]] += rows.scores[row]
      again.hits[cells[row]] += rows.hits[row]
    }
    for (let bin = 0; bin < bins; bin++) drawn[bin][b] = again.hits[bin] / again.n[bin]
    errors[b] = gap(again, 1, 'rows', false)
  }
  const ends = [(1 - confidence) / 2, (1 + confidence) / 2]
  const points = [...sums.n.keys()].flatMap((bin): ReliabilityPoint[] => {
    if (sums.n[bin] === 0) return []
    const [lower, upper] = ends.map((p) => quantile(drawn[bin], p))
    return [
      { n: sums.n[bin], mean: sums.score[bin] / sums.n[bin], frequency: sums.hits[bin] / sums.n[bin], lower, upper },
    ]
  })
  const [lower, upper] = ends.map((p) => quantile(errors, p))
  return { points, error: { estimate: gap(sums, 1, 'rows', false), lower, upper }, n }
}

/** The bin of each row: of equal width by its score, of equal mass by its place among the sorted scores. */
function cellsOfRows({ scores }: ScoredOutcomes, { n }: BinSums, edges: BinEdges): Uint32Array {
  if (edges === 'equalWidth') return Uint32Array.from(scores, (s) => equalWidthBin(s, n.length))
  const sorted = Float64Array.from(scores).sort()
  const ends: number[] = []
  for (let bin = 0, last = 0; bin < n.length && n[bin] > 0; bin++) {
    last += n[bin]
    ends.push(sorted[last - 1])
  }
  return Uint32Array.from(scores, (s) => ends.findIndex((end) => s <= end))
}
