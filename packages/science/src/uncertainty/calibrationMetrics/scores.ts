import { PodError } from '@mlpod/contract'
import { normalCdf, normalPdf } from '@mlpod/math'
import { binned } from './bins.ts'
import { binaryOutcomes, sortedOutcomes } from './pairs.ts'

/** The Brier score and what it is made of: brier = reliability - resolution + uncertainty + within. */
export interface BrierParts {
  readonly brier: number
  /** Mean squared gap between mean probability and frequency of a bin; 0 for calibrated ones. */
  readonly reliability: number
  /** Mean squared gap between the frequency of a bin and of all rows. */
  readonly resolution: number
  /** frequency (1 - frequency) of all rows. */
  readonly uncertainty: number
  /** What is left because probabilities differ within bins; 0 where each distinct one is a bin. */
  readonly within: number
}

/**
 * Returns the Brier score and its decomposition over distinct probabilities, or over `bins` bins of equally many rows.
 * Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `PROBABILITY_INVALID`, `LABEL_UNKNOWN`, `BINS_INVALID`.
 * Source: Murphy (1973); the part within bins is the rest, as in Stephenson et al. (2008).
 */
export function brierParts(
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
  { bins }: { readonly bins?: number } = {},
): BrierParts {
  const rows = binaryOutcomes(probabilities, outcomes)
  const sorted = sortedOutcomes(rows)
  const sums =
    bins === undefined
      ? { n: sorted.n, score: sorted.scores.map((s, i) => s * sorted.n[i]), hits: sorted.hits }
      : binned(rows, bins, 'equalMass')
  const total = rows.scores.length
  const frequency = sums.hits.reduce((a, b) => a + b) / total
  let [reliability, resolution, brier] = [0, 0, 0]
  for (let bin = 0; bin < sums.n.length; bin++) {
    const n = sums.n[bin]
    if (n === 0) continue
    reliability += (n / total) * (sums.score[bin] / n - sums.hits[bin] / n) ** 2
    resolution += (n / total) * (sums.hits[bin] / n - frequency) ** 2
  }
  for (let i = 0; i < total; i++) brier += (rows.scores[i] - rows.hits[i]) ** 2 / total
  const uncertainty = frequency * (1 - frequency)
  return { brier, reliability, resolution, uncertainty, within: brier - (reliability - resolution + uncertainty) }
}

/** Throws `LENGTH_MISMATCH` unless all have the length of the first; `CALIBRATION_EMPTY` for none. */
function sameLength(...columns: readonly ArrayLike<number>[]): number {
  const n = columns[0].length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no row to score')
  for (const column of columns)
    if (column.length !== n)
      throw new PodError('LENGTH_MISMATCH', `columns of ${n} and ${column.length} rows do not match`)
  return n
}

/** Returns the mean of a score over rows. */
function mean(n: number, score: (i: number) => number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += score(i)
  return sum / n
}

const checkLevel = (level: number): void => {
  if (!(level > 0 && level < 1)) throw new PodError('LEVEL_INVALID', `the level ${level} is not between 0 and 1`)
}

/** Returns the mean log loss (nats) of class indices under probabilities [n, k]; those below `clip` (1e-15) are taken for it. */
export function classLogLoss(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { clip = 1e-15 }: { readonly clip?: number } = {},
): number {
  const k = probabilities.length / labels.length
  sameLength(labels, { length: probabilities.length / k })
  return mean(labels.length, (i) => -Math.log(Math.max(clip, probabilities[i * k + labels[i]])))
}

/** Returns the mean over rows of sum (p - y)^2 over classes, in [0, 2]. Source: Brier (1950). */
export function classBrier(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  const k = probabilities.length / labels.length
  sameLength(labels, { length: probabilities.length / k })
  return mean(labels.length, (i) => {
    let sum = 0
    for (let c = 0; c < k; c++) sum += (probabilities[i * k + c] - Number(labels[i] === c)) ** 2
    return sum
  })
}

/** Returns the mean pinball loss of quantiles predicted at `level`. Throws `LEVEL_INVALID`, `LENGTH_MISMATCH`. */
export function pinballLoss(truth: ArrayLike<number>, predicted: ArrayLike<number>, level: number): number {
  checkLevel(level)
  return mean(sameLength(truth, predicted), (i) => {
    const error = truth[i] - predicted[i]
    return error >= 0 ? level * error : (level - 1) * error
  })
}

/**
 * Returns the mean interval score (Winkler score): the width, and 2 / (1 - level) of the distance by which the truth is missed.
 * Throws `LEVEL_INVALID`, `LENGTH_MISMATCH`. Source: Winkler (1972); MAPIE 1.6 `regression_mwi_score`.
 */
export function intervalScore(
  truth: ArrayLike<number>,
  { lower, upper }: { readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number> },
  level: number,
): number {
  checkLevel(level)
  return mean(
    sameLength(truth, lower, upper),
    (i) =>
      upper[i] - lower[i] + (2 / (1 - level)) * (Math.max(0, lower[i] - truth[i]) + Math.max(0, truth[i] - upper[i])),
  )
}

/**
 * Returns the coverage-width criterion, (1 - mean width / range of the truth) exp(-eta (coverage - level)^2): 1 is best.
 * Throws `LEVEL_INVALID`, `LENGTH_MISMATCH`. Source: Khosravi et al. (2010) in the form of MAPIE 1.6
 * `coverage_width_based` (its `eta` is 0.01 to 30).
 */
export function coverageWidthCriterion(
  truth: ArrayLike<number>,
  { lower, upper }: { readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number> },
  { level, eta }: { readonly level: number; readonly eta: number },
): number {
  checkLevel(level)
  const n = sameLength(truth, lower, upper)
  let [least, most] = [Infinity, -Infinity]
  for (let i = 0; i < n; i++) {
    least = Math.min(least, truth[i])
    most = Math.max(most, truth[i])
  }
  const covered = mean(n, (i) => Number(lower[i] <= truth[i] && truth[i] <= upper[i]))
  const width = mean(n, (i) => upper[i] - lower[i])
  return (1 - width / (most - least)) * Math.exp(-eta * (covered - level) ** 2)
}

/**
 * Returns the continuous ranked probability score of a number under the law that gives equal mass to each of the samples
 * (any order), the integral of (F - 1{y <= x})^2: mean |x - y| - mean |x - x'| / 2. O(m log m).
 * Source: Gneiting, Raftery (2007).
 */
export function crpsOfSamples(samples: ArrayLike<number>, truth: number): number {
  const sorted = Float64Array.from(samples).sort()
  const m = sorted.length
  if (m === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no sample')
  let [distance, spread] = [0, 0]
  for (let i = 0; i < m; i++) {
    distance += Math.abs(sorted[i] - truth)
    spread += (2 * i - m + 1) * sorted[i]
  }
  return distance / m - spread / (m * m)
}

/** Returns the continuous ranked probability score of a number under a normal law. Source: Gneiting et al. (2005). */
export function crpsOfNormal({ mean, sd }: { readonly mean: number; readonly sd: number }, truth: number): number {
  if (!(sd > 0)) return Math.abs(truth - mean)
  const z = (truth - mean) / sd
  return sd * (z * (2 * normalCdf(z) - 1) + 2 * normalPdf(z) - 1 / Math.sqrt(Math.PI))
}
