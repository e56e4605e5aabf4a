import { PodError } from '@mlpod/contract'
import { conformalRank, random } from '@mlpod/math'
import {
  type CalibratedScores,
  type Calibration,
  calibrateScores,
  checkLength,
  groupPlaces,
  type UnseenGroup,
} from '../calibrate/calibrate.ts'
import { complement, eachSide, type LevelOption, levelsOf } from '../calibrate/levels.ts'
import type { Intervals } from './splitRegression.ts'

/** A distribution for each new row: its prediction plus the calibration residuals, in units of sigma where there is one. */
export interface PredictiveSystem {
  readonly residuals: Calibration
  readonly normalised: boolean
}

/** What is known of the calibration rows: y - prediction, divided by sigma where each row has one. */
export interface PredictiveSystemOptions {
  readonly sigma?: ArrayLike<number>
  readonly groups?: readonly string[]
  readonly unseenGroup?: UnseenGroup
}

/**
 * Returns the conformal predictive system of calibration residuals y - prediction. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`,
 * `SCORES_NAN`, and `SIGMA_INVALID` unless every sigma is above 0.
 * Source: Vovk, Shen, Manokhin, Xie 2017; crepes `ConformalPredictiveSystem`.
 */
export function predictiveSystem(
  residuals: ArrayLike<number>,
  { sigma, groups, unseenGroup = 'pooled' }: PredictiveSystemOptions = {},
): PredictiveSystem {
  checkLength(sigma?.length, residuals.length, 'values of sigma')
  checkSigma(sigma)
  const scaled = sigma === undefined ? residuals : Float64Array.from(residuals, (r, i) => r / sigma[i])
  // thresholds are read at percentiles that are asked for later
  return {
    residuals: calibrateScores(scaled, { level: 0.5, groups, unseenGroup }),
    normalised: sigma !== undefined,
  }
}

/** New rows of a predictive system. */
export interface PredictedRows {
  readonly prediction: ArrayLike<number>
  readonly sigma?: ArrayLike<number>
  readonly groups?: readonly string[]
}

/** How ties are broken at random: by the seed and the key of each row (its place by default). Without it p-values are the larger ones. */
export interface Smoothing {
  readonly seed: number
  readonly keys?: ArrayLike<number>
}

/**
 * Returns for each row the probability of its distribution up to y: (#{values <= y} + 1) / (n + 1), or with `smooth`
 * (#{values < y} + u (#{values = y} + 1)) / (n + 1), which is uniform on [0, 1] for exchangeable rows.
 * Throws `LENGTH_MISMATCH`, `SIGMA_INVALID`, `GROUP_INVALID`.
 */
export function predictivePValues(
  system: PredictiveSystem,
  rows: PredictedRows,
  y: ArrayLike<number>,
  { smooth }: { readonly smooth?: Smoothing } = {},
): Float64Array {
  const at = rowsOf(system, rows)
  checkLength(y.length, rows.prediction.length, 'values of y')
  const draw = smooth && random({ seed: smooth.seed, path: 'predictive' })
  return Float64Array.from({ length: y.length }, (_, i) => {
    const { own, value, n } = at(i)
    if (own === undefined) return Number.NaN
    const upTo = countBelow(n, (k) => value(k) <= y[i])
    if (draw === undefined) return (upTo + 1) / (n + 1)
    const below = countBelow(upTo, (k) => value(k) < y[i])
    return (below + draw.uniform(smooth?.keys?.[i] ?? i) * (upTo - below + 1)) / (n + 1)
  })
}

/** Percentiles in (0, 100): read as the value before (`lower`) or after (`higher`) where one falls between two. */
export interface Percentiles {
  readonly lower?: readonly number[]
  readonly higher?: readonly number[]
  /** What stands where there are too few residuals for a percentile, and what nothing goes beyond. */
  readonly yMin?: number
  readonly yMax?: number
}

/**
 * Returns percentiles as [m, lower and higher ones] row-major: the floor((n + 1) P / 100)-th value for `lower` (yMin for the 0-th), the
 * ceil((n + 1) P / 100)-th for `higher` (yMax beyond the n-th), ranks exact. Throws `LEVEL_INVALID` and as `predictivePValues`.
 */
export function predictivePercentiles(
  system: PredictiveSystem,
  rows: PredictedRows,
  { lower = [], higher = [], yMin = Number.NEGATIVE_INFINITY, yMax = Number.POSITIVE_INFINITY }: Percentiles,
): Float64Array {
  for (const percentile of [...lower, ...higher])
    if (!(percentile >= 0 && percentile <= 100))
      throw new PodError('LEVEL_INVALID', `the percentile ${percentile} is not between 0 and 100`)
  const at = rowsOf(system, rows)
  const m = rows.prediction.length
  const width = lower.length + higher.length
  const found = new Float64Array(m * width)
  const clip = (x: number): number => Math.min(yMax, Math.max(yMin, x))
  for (let i = 0; i < m; i++) {
    const { own, value, n } = at(i)
    const read = (rank: number, otherwise: number): number =>
      own === undefined || rank < 1 || rank > n ? otherwise : clip(value(rank - 1))
    lower.forEach((percentile, j) => {
      const rank = n + 1 - conformalRank(n, complement(percentile / 100))
      found[i * width + j] = rank > n ? (own === undefined ? yMin : clip(value(n - 1))) : read(rank, yMin)
    })
    higher.forEach((percentile, j) => {
      const rank = conformalRank(n, percentile / 100)
      found[i * width + lower.length + j] = rank < 1 ? (own === undefined ? yMax : clip(value(0))) : read(rank, yMax)
    })
  }
  return found
}

/** Returns the central intervals of each row: from the lower percentile (1 - level) / 2 to the higher one (1 + level) / 2. */
export function predictiveIntervals(
  system: PredictiveSystem,
  rows: PredictedRows,
  { yMin, yMax, ...option }: LevelOption & Pick<Percentiles, 'yMin' | 'yMax'>,
): Intervals {
  const levels = levelsOf(option)
  const percent = (x: number): number => Number((100 * x).toPrecision(14))
  const found = predictivePercentiles(system, rows, {
    lower: levels.map((level) => percent(complement(eachSide(level)))),
    higher: levels.map((level) => percent(eachSide(level))),
    ...(yMin === undefined ? {} : { yMin }),
    ...(yMax === undefined ? {} : { yMax }),
  })
  const width = levels.length
  const pick = (offset: number): Float64Array =>
    Float64Array.from(
      { length: found.length / 2 },
      (_, i) => found[Math.floor(i / width) * 2 * width + offset + (i % width)],
    )
  return { levels, lower: pick(0), upper: pick(width), empty: 0 }
}

/** Returns the distribution of the i-th row: its n values, ascending, each of probability 1 / (n + 1), with 1 / (n + 1) beyond. */
export function predictiveDistribution(system: PredictiveSystem, rows: PredictedRows, i: number): Float64Array {
  const { value, n } = rowsOf(system, rows)(i)
  return Float64Array.from({ length: n }, (_, k) => value(k))
}

/**
 * Returns the continuous ranked probability score of each row's distribution function (i / n between sorted values) at y, in units
 * of y; lower is better. O(log n) a row: E|X - y| - E|X - X'| / 2 by sums of the sorted residuals. crepes 0.9.1 weighs two of the
 * segments by sigma twice where there is a sigma. Source: Gneiting, Raftery 2007.
 */
export function predictiveCrps(system: PredictiveSystem, rows: PredictedRows, y: ArrayLike<number>): Float64Array {
  const at = rowsOf(system, rows)
  checkLength(y.length, rows.prediction.length, 'values of y')
  const sums = new Map<CalibratedScores, { readonly running: Float64Array; readonly spread: number }>()
  return Float64Array.from({ length: y.length }, (_, i) => {
    const { own, n } = at(i)
    if (own === undefined) return Number.NaN
    const known = sums.get(own) ?? summed(own)
    sums.set(own, known)
    const sigma = rows.sigma?.[i] ?? 1
    const z = (y[i] - rows.prediction[i]) / sigma
    const below = countBelow(n, (k) => own.scores[k] <= z)
    const left = below === 0 ? 0 : known.running[below - 1]
    const distance = (z * below - left + (known.running[n - 1] - left) - z * (n - below)) / n
    return sigma * (distance - known.spread)
  })
}

/** Running sums of the sorted residuals, and half their mean distance. */
function summed({ scores, n }: CalibratedScores): { readonly running: Float64Array; readonly spread: number } {
  const running = new Float64Array(n)
  let [sum, weighted] = [0, 0]
  for (let i = 0; i < n; i++) {
    sum += scores[i]
    running[i] = sum
    weighted += (2 * i + 1 - n) * scores[i]
  }
  return { running, spread: weighted / (n * n) }
}

interface RowOfSystem {
  /** undefined where the row's group was not seen and gets nothing. */
  readonly own: CalibratedScores | undefined
  readonly n: number
  value(k: number): number
}

function rowsOf(
  { residuals, normalised }: PredictiveSystem,
  { prediction, sigma, groups }: PredictedRows,
): (i: number) => RowOfSystem {
  const m = prediction.length
  checkLength(sigma?.length, m, 'values of sigma')
  if (normalised !== (sigma !== undefined))
    throw new PodError(
      'PART_MISSING',
      normalised ? 'the residuals were divided by sigma, but the new rows have none' : 'calibration had no sigma',
      { hint: 'give sigma to both, or to none' },
    )
  checkSigma(sigma)
  const placeOf = groupPlaces(residuals, m, groups)
  return (i) => {
    const own: CalibratedScores | undefined = residuals.groups[placeOf(i)]
    const scores = own?.scores ?? []
    const [centre, scale] = [prediction[i], sigma?.[i] ?? 1]
    return { own, n: scores.length, value: (k) => centre + scale * scores[k] }
  }
}

/** Returns how many of 0 .. n-1 fulfil a condition that holds for the first of them. */
function countBelow(n: number, holds: (k: number) => boolean): number {
  let [low, high] = [0, n]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low
}

function checkSigma(sigma: ArrayLike<number> | undefined): void {
  if (sigma === undefined) return
  for (let i = 0; i < sigma.length; i++)
    if (!(sigma[i] > 0 && sigma[i] < Number.POSITIVE_INFINITY))
      throw new PodError('SIGMA_INVALID', `sigma of row ${i} is ${sigma[i]}, not above 0`, {
        hint: 'add a small number to every sigma, as `difficulty` does with beta',
      })
}
