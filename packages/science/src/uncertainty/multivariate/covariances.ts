import { PodError } from '@mlpod/contract'
import { rowsOf } from './jointScores.ts'

/** Returns the covariance of errors [n, d] about 0, plus `ridge` times its mean variance on the diagonal (1e-9 by default): [d, d]. */
export function errorCovariance(
  errors: ArrayLike<number>,
  d: number,
  { ridge = 1e-9 }: { readonly ridge?: number } = {},
): Float64Array {
  const n = rowsOf(errors.length, d, 'errors')
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no error to take the covariance of')
  const out = new Float64Array(d * d)
  for (let i = 0; i < n; i++)
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++) out[a * d + b] += (errors[i * d + a] * errors[i * d + b]) / n
  let trace = 0
  for (let a = 0; a < d; a++) trace += out[a * d + a]
  for (let a = 0; a < d; a++) out[a * d + a] += (ridge * trace) / d
  return out
}

/** Settings of `neighbourCovariances`. */
export interface NeighbourCovarianceOptions {
  /** Features a row. */
  readonly features: number
  readonly outputs: number
  /** Nearest rows whose errors are taken; 50 by default, at most all. */
  readonly k?: number
  /** The share of the covariance of all rows that is mixed in, so that few neighbours give no flat ellipsoid; 0.1 by default. */
  readonly shrink?: number
}

/**
 * Returns a covariance S(x) for each new row [m, features]: that of the errors [n, outputs] of its k nearest rows of `x` [n, features]. Fit it on
 * other rows than those that calibrate. A Gaussian head of a network serves as well.
 */
export function neighbourCovariances(
  x: ArrayLike<number>,
  errors: ArrayLike<number>,
  fresh: ArrayLike<number>,
  { features, outputs: d, k = 50, shrink = 0.1 }: NeighbourCovarianceOptions,
): Float64Array {
  const n = rowsOf(x.length, features, 'features')
  if (rowsOf(errors.length, d, 'errors') !== n)
    throw new PodError('LENGTH_MISMATCH', `${errors.length / d} rows of errors do not match ${n} rows`)
  const m = rowsOf(fresh.length, features, 'features')
  const near = Math.min(n, k)
  const all = errorCovariance(errors, d)
  const out = new Float64Array(m * d * d)
  const distance = new Float64Array(n)
  for (let r = 0; r < m; r++) {
    for (let i = 0; i < n; i++) {
      distance[i] = 0
      for (let a = 0; a < features; a++) distance[i] += (x[i * features + a] - fresh[r * features + a]) ** 2
    }
    const order = Array.from(distance, (_, i) => i).sort((a, b) => distance[a] - distance[b] || a - b)
    const local = errorCovariance(
      order.slice(0, near).flatMap((i) => Array.from({ length: d }, (_, j) => errors[i * d + j])),
      d,
    )
    for (let at = 0; at < d * d; at++) out[r * d * d + at] = (1 - shrink) * local[at] + shrink * all[at]
  }
  return out
}
