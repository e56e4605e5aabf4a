import { PodError } from '@mlpod/contract'
import { cholesky, choleskySolve } from '@mlpod/math'
import { conformalPValues } from '../uncertainty/pValues/pValues.ts'

/** A fitted Mahalanobis detector: class means and the whitening of their shared covariance. */
export interface Mahalanobis {
  readonly dimensions: number
  /** [classes, dimensions] row-major. */
  readonly means: readonly number[]
  readonly classes: number
  /** W [dimensions, dimensions] row-major with W W^T = S^-1: the squared distance is |(z - mu) W|^2. */
  readonly whitening: readonly number[]
  /** Features without any variance, left out of the distance. */
  readonly dead: readonly number[]
}

/** A variance that is a smaller share of the mean square is the rounding of a constant. */
const ROUNDING = 1e-20

/** Settings of `fitMahalanobis`: the ridge is a share of the mean variance, 1e-6 by default. */
export interface MahalanobisOptions {
  readonly ridge?: number
}

/**
 * Returns the detector of Lee et al. 2018: class-conditional means with one covariance S (divided by n, float64), ridge
 * relative to trace(S)/d. The score of a row is 0.5 min over classes of (z - mu_c)^T S^-1 (z - mu_c), higher = further out.
 * `features` is [n, d] row-major, `labels` are class indices (gaps are fine). Features without variance are dropped and named.
 * Throws `FIT_EMPTY`, `LENGTH_MISMATCH`, `FEATURE_NOT_FINITE`, `FEATURES_DEAD` when no feature varies, `RIDGE_INVALID`.
 */
export function fitMahalanobis(
  features: ArrayLike<number>,
  labels: ArrayLike<number>,
  { ridge = 1e-6 }: MahalanobisOptions = {},
): Mahalanobis {
  const n = labels.length
  if (!(ridge >= 0 && Number.isFinite(ridge)))
    throw new PodError('RIDGE_INVALID', `a ridge of ${ridge} is not possible`, { hint: 'a share of the mean variance' })
  if (n === 0) throw new PodError('FIT_EMPTY', 'there is no row to fit a Mahalanobis detector on')
  const d = features.length / n
  if (!Number.isInteger(d) || d < 1)
    throw new PodError('LENGTH_MISMATCH', `${features.length} features do not fall into ${n} rows`)
  const present = [...new Set(Array.from(labels))].sort((a, b) => a - b)
  const means = new Float64Array(present.length * d)
  const squares = new Float64Array(d)
  const counts = new Float64Array(present.length)
  const classOf = new Map(present.map((label, c) => [label, c]))
  for (let i = 0; i < n; i++) {
    const c = classOf.get(labels[i]) as number
    counts[c]++
    for (let j = 0; j < d; j++) {
      const z = features[i * d + j]
      if (!Number.isFinite(z)) throw new PodError('FEATURE_NOT_FINITE', `feature ${j} of row ${i} is ${z}`)
      means[c * d + j] += z
      squares[j] += (z * z) / n
    }
  }
  for (let c = 0; c < present.length; c++) for (let j = 0; j < d; j++) means[c * d + j] /= counts[c]

  const covariance = new Float64Array(d * d)
  const centred = new Float64Array(d)
  for (let i = 0; i < n; i++) {
    const c = classOf.get(labels[i]) as number
    for (let j = 0; j < d; j++) centred[j] = features[i * d + j] - means[c * d + j]
    for (let j = 0; j < d; j++) for (let k = 0; k <= j; k++) covariance[j * d + k] += (centred[j] * centred[k]) / n
  }
  const alive = Array.from({ length: d }, (_, j) => j).filter((j) => covariance[j * d + j] > ROUNDING * squares[j])
  if (alive.length === 0) throw new PodError('FEATURES_DEAD', `none of the ${d} features varies within a class`)
  const whitening = whiten(covariance, d, alive, ridge)
  const dead = Array.from({ length: d }, (_, j) => j).filter((j) => !alive.includes(j))
  return { dimensions: d, means: [...means], classes: present.length, whitening, dead }
}

/** Returns W = L^-T over the living features (zero elsewhere), where S + ridge I = L L^T. */
function whiten(covariance: Float64Array, d: number, alive: readonly number[], ridge: number): number[] {
  const m = alive.length
  const s = new Float64Array(m * m)
  let trace = 0
  for (let a = 0; a < m; a++) {
    trace += covariance[alive[a] * d + alive[a]]
    for (let b = 0; b <= a; b++) s[a * m + b] = s[b * m + a] = covariance[alive[a] * d + alive[b]]
  }
  for (let a = 0; a < m; a++) s[a * m + a] += (ridge * trace) / m
  const l = cholesky(s, m)
  // solving L L^T X = L gives X = L^-T
  const inverse = choleskySolve(l, m, Float64Array.from(l), m)
  const whitening = new Array<number>(d * d).fill(0)
  for (let a = 0; a < m; a++) for (let b = 0; b < m; b++) whitening[alive[a] * d + alive[b]] = inverse[a * m + b]
  return whitening
}

/** Returns the scores of rows [n, d]: 0.5 times the least squared distance, higher = further out. Throws `LENGTH_MISMATCH`. */
export function mahalanobisScores(
  { dimensions: d, means, classes, whitening }: Mahalanobis,
  features: ArrayLike<number>,
): Float64Array {
  if (features.length % d !== 0)
    throw new PodError('LENGTH_MISMATCH', `${features.length} numbers do not fall into rows of ${d} features`)
  const scores = new Float64Array(features.length / d)
  const centred = new Float64Array(d)
  for (let i = 0; i < scores.length; i++) {
    let least = Number.POSITIVE_INFINITY
    for (let c = 0; c < classes; c++) {
      for (let j = 0; j < d; j++) centred[j] = features[i * d + j] - means[c * d + j]
      let square = 0
      for (let k = 0; k < d; k++) {
        let w = 0
        for (let j = 0; j < d; j++) w += centred[j] * whitening[j * d + k]
        square += w * w
      }
      least = Math.min(least, square)
    }
    scores[i] = least / 2
  }
  return scores
}

/**
 * Returns the conformal p-value of each score against calibration scores of in-distribution rows; see `conformalPValues`. A score that is
 * NaN is further out than all. Throws `CALIBRATION_EMPTY`, and `SCORES_NAN` for a calibration score that is NaN.
 */
export function oodPValues(calibration: ArrayLike<number>, scores: ArrayLike<number>): Float64Array {
  for (let i = 0; i < calibration.length; i++)
    if (Number.isNaN(calibration[i])) throw new PodError('SCORES_NAN', 'a calibration score is NaN')
  const least = 1 / (calibration.length + 1)
  return conformalPValues(calibration, scores).map((p, i) => (Number.isNaN(scores[i]) ? least : p))
}
