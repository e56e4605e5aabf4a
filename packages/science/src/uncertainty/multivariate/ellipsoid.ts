import { PodError } from '@mlpod/contract'
import { chiSquareCdf, cholesky, choleskySolve, gammaln } from '@mlpod/math'
import {
  type CalibrateOptions,
  type Calibration,
  calibrateScores,
  type NewRows,
  thresholdsOf,
} from '../calibrate/calibrate.ts'
import { rowsOf } from './jointScores.ts'

/** Ellipsoids around predictions of several outputs, calibrated: plain data. */
export interface EllipsoidConformal {
  readonly outputs: number
  /** Outputs were missing in some rows: scores are then probabilities, so that rows with few and many outputs compare. */
  readonly partial: boolean
  readonly calibration: Calibration
}

/** What a model says of n rows: their means [n, outputs], and covariances of errors [n, outputs, outputs] or one [outputs, outputs] for all. */
export interface GaussianRows {
  readonly prediction: ArrayLike<number>
  readonly covariance: ArrayLike<number>
}

/** The covariance of a row, of the outputs asked for. */
function covarianceOf({ covariance }: GaussianRows, d: number, i: number, kept: readonly number[]): Float64Array {
  const from = covariance.length === d * d ? 0 : i * d * d
  const k = kept.length
  const out = new Float64Array(k * k)
  for (let a = 0; a < k; a++) for (let b = 0; b < k; b++) out[a * k + b] = covariance[from + kept[a] * d + kept[b]]
  return out
}

function checkRows({ prediction, covariance }: GaussianRows, n: number, d: number): void {
  if (prediction.length !== n * d)
    throw new PodError('LENGTH_MISMATCH', `${prediction.length} predictions do not match ${n} rows of ${d}`)
  if (covariance.length !== d * d && covariance.length !== n * d * d)
    throw new PodError('LENGTH_MISMATCH', `${covariance.length} covariances do not match ${n} rows of ${d} x ${d}`)
}

/** x' A^-1 x. */
function quadratic(a: Float64Array, x: Float64Array): number {
  const solved = choleskySolve(cholesky(a, x.length), x.length, x)
  let sum = 0
  for (let j = 0; j < x.length; j++) sum += x[j] * solved[j]
  return sum
}

/**
 * Returns for each row the length of its standardised error, |S^-1/2 (y - prediction)|, over the outputs that are known (NaN in `y` where
 * one is not: the covariance is then the marginal one), and how many those are. Throws `LENGTH_MISMATCH`, `MATRIX_NOT_POSITIVE`.
 */
export function ellipsoidScores(
  y: ArrayLike<number>,
  rows: GaussianRows,
  outputs: number,
): { readonly scores: Float64Array; readonly known: Uint8Array } {
  const n = rowsOf(y.length, outputs, 'values of y')
  checkRows(rows, n, outputs)
  const known = new Uint8Array(n)
  const scores = Float64Array.from({ length: n }, (_, i) => {
    const kept = Array.from({ length: outputs }, (_, j) => j).filter((j) => !Number.isNaN(y[i * outputs + j]))
    known[i] = kept.length
    if (kept.length === 0) return Number.NaN
    const error = Float64Array.from(kept, (j) => y[i * outputs + j] - rows.prediction[i * outputs + j])
    if (error.some(Number.isNaN)) return Number.NaN
    return Math.sqrt(quadratic(covarianceOf(rows, outputs, i, kept), error))
  })
  return { scores, known }
}

/** P(chi with k degrees <= r). */
const chiCdf = (r: number, k: number): number => (r === Number.POSITIVE_INFINITY ? 1 : chiSquareCdf(r * r, k))

/** The r at which `chiCdf` is u, by bisection to the last bit. */
function chiQuantile(u: number, k: number): number {
  if (u >= 1) return Number.POSITIVE_INFINITY
  let [low, high] = [0, 1]
  while (chiCdf(high, k) < u) high *= 2
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return high
    if (chiCdf(middle, k) < u) low = middle
    else high = middle
  }
}

/** Settings of `calibrateEllipsoid`. */
export interface EllipsoidOptions extends CalibrateOptions {
  readonly outputs: number
}

/**
 * Returns the calibration of ellipsoids {y : |S(x)^-1/2 (y - prediction)| <= q} that hold all outputs of a row with probability at least
 * `level`, whatever the errors' distribution. Where outputs are missing (NaN), the score is the chi probability of the known ones'.
 * Throws `LENGTH_MISMATCH`, `MATRIX_NOT_POSITIVE`, and what `calibrateScores` throws.
 * Source: Johnstone, Cox 2021; Messoudi et al. 2022; Braun, Berta, Jordan, Bach 2025 (MAPIE `MultivariateResidualNormalisedScore`).
 */
export function calibrateEllipsoid(
  y: ArrayLike<number>,
  rows: GaussianRows,
  { outputs, ...options }: EllipsoidOptions,
): EllipsoidConformal {
  const { scores, known } = ellipsoidScores(y, rows, outputs)
  const partial = known.some((k) => k < outputs)
  const used = partial ? scores.map((score, i) => (Number.isNaN(score) ? score : chiCdf(score, known[i]))) : scores
  return { outputs, partial, calibration: calibrateScores(used, options) }
}

/** Ellipsoids of m rows. */
export interface Ellipsoids extends GaussianRows {
  readonly outputs: number
  readonly levels: readonly number[]
  /** [m, levels]: in units of the covariance. */
  readonly radii: Float64Array
}

/** Returns the ellipsoids of new rows. Throws `LENGTH_MISMATCH`, `GROUP_INVALID`. */
export function ellipsoids(
  { outputs, partial, calibration }: EllipsoidConformal,
  rows: GaussianRows,
  own: NewRows = {},
): Ellipsoids {
  const m = rowsOf(rows.prediction.length, outputs, 'predictions')
  checkRows(rows, m, outputs)
  const thresholds = thresholdsOf(calibration, m, own)
  const radii = partial ? thresholds.map((u) => chiQuantile(u, outputs)) : thresholds
  return { ...rows, outputs, levels: calibration.levels, radii }
}

/** Returns for each row and level whether its ellipsoid holds y [m, outputs]: [m, levels], 1 or 0; of a row with missing outputs, whether the known ones may be completed. */
export function ellipsoidsHold(regions: Ellipsoids, y: ArrayLike<number>): Uint8Array {
  const { scores } = ellipsoidScores(y, regions, regions.outputs)
  const width = regions.levels.length
  return Uint8Array.from(regions.radii, (radius, at) => Number(scores[Math.floor(at / width)] <= radius))
}

/** Returns the volumes of the ellipsoids, [m, levels]: pi^(d/2) / Gamma(d/2 + 1) det(S)^1/2 r^d. */
export function ellipsoidVolumes(regions: Ellipsoids): Float64Array {
  const { outputs: d, levels, radii } = regions
  const all = Array.from({ length: d }, (_, j) => j)
  const ball = Math.exp((d / 2) * Math.log(Math.PI) - gammaln(d / 2 + 1))
  return Float64Array.from(radii, (radius, at) => {
    const factor = cholesky(covarianceOf(regions, d, Math.floor(at / levels.length), all), d)
    let root = 1
    for (let j = 0; j < d; j++) root *= factor[j * d + j]
    return ball * root * radius ** d
  })
}

/** Returns the projections of the ellipsoids on each output: bounds [m, outputs, levels], prediction -+ r sqrt(S_jj). They hold all outputs at once. */
export function ellipsoidIntervals(regions: Ellipsoids): {
  readonly lower: Float64Array
  readonly upper: Float64Array
} {
  const { outputs: d, levels, radii, prediction, covariance } = regions
  const width = levels.length
  const bound = (sign: number): Float64Array =>
    Float64Array.from({ length: prediction.length * width }, (_, at) => {
      const cell = Math.floor(at / width)
      const [i, j] = [Math.floor(cell / d), cell % d]
      const from = covariance.length === d * d ? 0 : i * d * d
      return prediction[cell] + sign * radii[i * width + (at % width)] * Math.sqrt(covariance[from + j * d + j])
    })
  return { lower: bound(-1), upper: bound(1) }
}

/** The part of an ellipsoid in which some outputs have the values that were seen: an ellipsoid of the others. */
export interface EllipsoidSlice {
  /** The outputs that are left, ascending. */
  readonly outputs: readonly number[]
  readonly center: Float64Array
  readonly covariance: Float64Array
  /** [levels]; NaN where the values seen lie outside: nothing is left. */
  readonly radii: Float64Array
}

/**
 * Returns what is left of the i-th ellipsoid when the outputs of `seen` (NaN where not) are known: centre and covariance of the others given
 * those, and r^2 less the length of what was seen. It holds the others whenever the ellipsoid holds the row.
 */
export function sliceEllipsoid(regions: Ellipsoids, i: number, seen: ArrayLike<number>): EllipsoidSlice {
  const { outputs: d, levels, radii, prediction } = regions
  if (seen.length !== d) throw new PodError('LENGTH_MISMATCH', `${seen.length} values seen do not match ${d} outputs`)
  const all = Array.from({ length: d }, (_, j) => j)
  const [free, fixed] = [all.filter((j) => Number.isNaN(seen[j])), all.filter((j) => !Number.isNaN(seen[j]))]
  const whole = covarianceOf(regions, d, i, all)
  const [f, k] = [free.length, fixed.length]
  const center = Float64Array.from(free, (j) => prediction[i * d + j])
  const covariance = covarianceOf(regions, d, i, free)
  const used = radii.slice(i * levels.length, (i + 1) * levels.length)
  if (k === 0) return { outputs: free, center, covariance, radii: used }
  const factor = cholesky(covarianceOf(regions, d, i, fixed), k)
  const error = Float64Array.from(fixed, (j) => seen[j] - prediction[i * d + j])
  const cross = Float64Array.from({ length: k * f }, (_, at) => whole[fixed[Math.floor(at / f)] * d + free[at % f]])
  const gain = f === 0 ? cross : choleskySolve(factor, k, cross, f)
  for (let a = 0; a < f; a++) {
    for (let b = 0; b < k; b++) center[a] += gain[b * f + a] * error[b]
    for (let c = 0; c < f; c++) for (let b = 0; b < k; b++) covariance[a * f + c] -= cross[b * f + a] * gain[b * f + c]
  }
  const length = quadratic(covarianceOf(regions, d, i, fixed), error)
  return { outputs: free, center, covariance, radii: used.map((r) => Math.sqrt(r * r - length)) }
}
