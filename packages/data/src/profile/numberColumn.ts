import { chiSquareTail } from '@mlpod/math'
import { registersOf } from './distinctSketch.ts'
import { rankSketch } from './rankSketch.ts'
import type { ColumnSketch, SketchMoments } from './sketch.ts'
import { countBelow, medianDistance, quantilesOf, type Tally, tally, tallyOf } from './tally.ts'
import { LISTED } from './topSketch.ts'
import type { CountedCell, NumberStatistics, ProfileHistogram, Uniformity } from './types.ts'

/** The probabilities of a profile's quantiles. */
export const PROFILE_QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const

/** What is known of a column of numbers: its statistics, and what all columns tell. */
export interface NumbersFound {
  readonly statistics: NumberStatistics
  readonly runs: Tally
  readonly distinct: number
  readonly unique: number
  readonly top: readonly CountedCell[]
  readonly others: number
  readonly imbalance: number
  readonly uniformity: Uniformity | null
  readonly sketch: ColumnSketch
}

/**
 * Describes the values of a column in the order of the rows (no NaN among them): they are read once, and sorted or counted once.
 * `whole` says that the type holds whole numbers.
 */
export function describeNumbers(
  values: Float64Array,
  {
    rows,
    nan,
    top,
    bins,
    whole,
  }: {
    readonly rows: number
    readonly nan: number
    readonly top: number
    readonly bins: number
    readonly whole: boolean
  },
): NumbersFound {
  const runs = tally(values)
  const negative = countBelow(runs, 0)
  const zeros = countBelow(runs, 0, true) - negative
  const infinite = countBelow(runs, -Infinity, true) + runs.n - countBelow(runs, Infinity)
  const monotonic = directionOf(values)
  const finite = infinite === 0 ? runs : finiteOf(runs)
  const { n } = finite
  const [min, max] = [finite.values[0] ?? null, finite.values[finite.values.length - 1] ?? null]
  const found = momentsOf(finite)
  const { moments } = found
  const quantiles = n === 0 ? null : quantilesOf(finite, PROFILE_QUANTILES)
  const sd = n > 1 ? finiteOrNull(Math.sqrt(found.m2 / (n - 1)) / found.scale) : null
  const mean = n === 0 ? null : found.mean / found.scale
  const distinct = runs.values.length
  const unique = singles(runs.counts)
  const frequent = mostFrequent(runs, Math.max(top, LISTED))
  const [most, listed] = [frequent.slice(0, top), frequent.slice(0, LISTED)]
  const monotone = monotonic === 0 || distinct === 0 ? 0 : monotonic * (unique === values.length ? 2 : 1)
  return {
    statistics: {
      zeros,
      zerosShare: share(zeros, rows),
      negative,
      negativeShare: share(negative, rows),
      infinite,
      infiniteShare: share(infinite, rows),
      mean,
      sd,
      variance: n > 1 ? finiteOrNull(found.m2 / (n - 1) / found.scale ** 2) : null,
      sum: n === 0 ? 0 : finiteOrNull(found.sum / found.scale),
      min,
      max,
      range: n === 0 ? null : finiteOrNull(max! - min!),
      ...shapeOf(found, n),
      mad: n === 0 ? null : finiteOrNull(medianDistance(finite, quantiles![2])),
      cv: sd === null || mean === null || mean === 0 ? null : finiteOrNull(sd / mean),
      quantiles,
      iqr: quantiles && finiteOrNull(quantiles[3] - quantiles[1]),
      monotonic: monotone,
      histogram: n === 0 ? null : histogramOf(finite, equalEdges(finite, bins)),
    },
    runs,
    distinct,
    unique,
    top: most,
    others: values.length - most.reduce((sum, { count }) => sum + count, 0),
    imbalance: imbalanceOf(runs.counts, values.length),
    uniformity: n === 0 ? null : uniformityOf(histogramOf(finite, automaticEdges(finite, whole)).counts),
    sketch: {
      kind: 'number',
      rows,
      missing: rows - values.length,
      nan,
      infinite,
      zeros,
      negative,
      moments,
      distinct,
      distinctError: 0,
      registers: registersOf(runs.values),
      ranks: n === 0 ? null : rankSketch(finite),
      top: { values: listed, unlisted: distinct > LISTED ? listed[LISTED - 1].count : 0 },
      shapes: null,
    },
  }
}

function singles(counts: Float64Array): number {
  let found = 0
  for (let i = 0; i < counts.length; i++) if (counts[i] === 1) found++
  return found
}

const share = (count: number, of: number): number => (of === 0 ? 0 : count / of)
const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** 1 where no row is less than the one before, -1 where none is greater, else 0. */
function directionOf(values: Float64Array): number {
  let [up, down] = [true, true]
  for (let i = 1; i < values.length && (up || down); i++) {
    if (values[i] < values[i - 1]) up = false
    if (values[i] > values[i - 1]) down = false
  }
  return up ? 1 : down ? -1 : 0
}

function finiteOf({ values, counts, n }: Tally): Tally {
  const from = values[0] === -Infinity ? 1 : 0
  const to = values.length - (values[values.length - 1] === Infinity ? 1 : 0)
  const kept = counts.subarray(from, Math.max(from, to))
  const lost = (from === 1 ? counts[0] : 0) + (to < values.length ? counts[values.length - 1] : 0)
  return tallyOf({ values: values.subarray(from, Math.max(from, to)), counts: kept, n: n - lost })
}

/** From this size on, fourth powers overflow. */
const HUGE = 1e75

/** Neighbours in order are of one size: few of them lose nothing. */
const BLOCK = 128

/** Moments about the mean in two passes, of huge numbers made smaller by a power of two, so that no digit is lost. */
function momentsOf({ values, counts, n }: Tally) {
  const [min, max] = [values[0], values[values.length - 1]]
  const scale = Math.max(Math.abs(min), Math.abs(max)) > HUGE ? 2 ** -800 : 1
  let [sum, lost] = [0, 0]
  for (let from = 0; from < values.length; from += BLOCK) {
    const to = Math.min(values.length, from + BLOCK)
    let term = 0
    for (let i = from; i < to; i++) term += values[i] * scale * counts[i]
    // Neumaier (1974): what a sum of different sizes loses is kept
    const next = sum + term
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum
    sum = next
  }
  sum += lost
  const mean = sum / n
  let [shift, m2, m3, m4] = [0, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const d = values[i] * scale - mean
    const square = d * d
    shift += counts[i] * d
    m2 += counts[i] * square
    m3 += counts[i] * square * d
    m4 += counts[i] * square * square
  }
  m2 -= (shift * shift) / n
  const plain: SketchMoments = { n, mean, m2, m3, m4, min, max }
  const kept = n > 0 && scale === 1 && Object.values(plain).every(Number.isFinite)
  return { sum, mean, m2, m3, m4, scale, moments: kept ? plain : null }
}

/** Skewness and kurtosis corrected for bias; 0 of values that are all equal. Source: pandas `nanskew`, `nankurt`. */
export function shapeOf(
  { m2, m3, m4 }: { readonly m2: number; readonly m3: number; readonly m4: number },
  n: number,
): { readonly skewness: number | null; readonly kurtosis: number | null } {
  const constant = Math.abs(m2) < 1e-14
  const skewness = n < 3 ? null : constant ? 0 : finiteOrNull((n * Math.sqrt(n - 1) * m3) / ((n - 2) * m2 ** 1.5))
  const adjust = (3 * (n - 1) ** 2) / ((n - 2) * (n - 3))
  const kurtosis =
    n < 4 ? null : constant ? 0 : finiteOrNull((n * (n + 1) * (n - 1) * m4) / ((n - 2) * (n - 3) * m2 * m2) - adjust)
  return { skewness, kurtosis }
}

/** Returns equal bins over the values, as many as asked for but not more than distinct values. Source: ydata-profiling. */
export function equalEdges({ values }: Tally, bins: number): number[] {
  const [low, high] = [values[0], values[values.length - 1]]
  if (low === high) {
    const half = low === 0 ? 0.5 : Math.abs(low) * 0.1
    return [low - half, low + half].map((edge) => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, edge)))
  }
  return spaced(low, high, Math.max(1, Math.min(bins === 0 ? 250 : bins, values.length, 250)))
}

/** Equal steps from low to high; of numbers whose difference overflows by halves. */
function spaced(low: number, high: number, bins: number): number[] {
  const step = (high - low) / bins
  const at = (i: number): number => (Number.isFinite(step) ? low + i * step : low * (1 - i / bins) + high * (i / bins))
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : at(i)))
}

/** Bins by the rules of Freedman and Diaconis and of Sturges, the narrower ones. Source: numpy 2.3, `auto`. */
function automaticEdges(runs: Tally, whole: boolean): number[] {
  const { values, n } = runs
  const [low, high] = [values[0], values[values.length - 1]]
  const range = high - low
  if (!(range > 0 && Number.isFinite(range))) return [low - 0.5, high + 0.5]
  const [q1, q3] = quantilesOf(runs, [0.25, 0.75])
  const diaconis = Math.max((2 * (q3 - q1)) / Math.cbrt(n), range / Math.sqrt(n) / 2)
  const width = Math.min(diaconis, range / (Math.log2(n) + 1))
  return spaced(low, high, Math.max(1, Math.ceil(range / (whole && width < 1 ? 1 : width))))
}

/** Counts in [a, b) between ascending edges that hold all values, the last with its end. */
export function histogramOf(all: Tally, edges: readonly number[]): ProfileHistogram {
  const below = edges.map((edge, i) => (i === 0 ? 0 : i === edges.length - 1 ? all.n : countBelow(all, edge)))
  return { edges, counts: below.slice(1).map((count, i) => count - below[i]) }
}

/** Pearson's test that all counts come from equally likely cells; null of fewer than two cells. */
export function uniformityOf(counts: ArrayLike<number>): Uniformity | null {
  const k = counts.length
  if (k < 2) return null
  let [n, squares] = [0, 0]
  for (let i = 0; i < k; i++) n += counts[i]
  const expected = n / k
  for (let i = 0; i < k; i++) squares += (counts[i] - expected) ** 2
  const statistic = squares / expected
  return n === 0 ? null : { statistic, pValue: chiSquareTail(statistic, k - 1) }
}

/** 1 - entropy / log2(k); 0 of fewer than two values. */
export function imbalanceOf(counts: ArrayLike<number>, n: number): number {
  const k = counts.length
  if (k < 2) return 0
  // the entropy of counts is log2 n - sum(c log2 c) / n, and a value that occurs once adds nothing
  let sum = 0
  for (let i = 0; i < k; i++) if (counts[i] > 1) sum += counts[i] * Math.log2(counts[i])
  return 1 - (Math.log2(n) - sum / n) / Math.log2(k)
}

/** The values of the greatest counts, of equal ones the least value first. */
export function mostFrequent({ values, counts }: Tally, most: number): CountedCell[] {
  const best: number[] = []
  let least = 0
  for (let i = 0; i < values.length; i++) {
    if (counts[i] <= least) continue
    let at = best.length
    while (at > 0 && counts[best[at - 1]] < counts[i]) at--
    best.splice(at, 0, i)
    if (best.length > most) best.pop()
    if (best.length === most) least = counts[best[most - 1]]
  }
  return best.map((i) => ({
    value: Number.isFinite(values[i]) ? values[i] : String(values[i]),
    count: counts[i],
  }))
}
