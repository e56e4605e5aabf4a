import { PodError } from '@mlpod/contract'
import { cholesky } from '@mlpod/math'

/** What tells how far a row lies from those that a model was fitted on. */
export interface Leverage {
  readonly features: number
  /** Lower triangle of the Cholesky factor of X'X, [features, features]. */
  readonly factor: Float64Array
}

/**
 * Returns the leverage of rows with respect to fitted ones, `x` [n, features] row-major. Add a column of ones for a model with an
 * intercept. Throws `LENGTH_MISMATCH`, and `MATRIX_NOT_POSITIVE` for collinear columns.
 */
export function fitLeverage(x: ArrayLike<number>, features: number): Leverage {
  const n = x.length / features
  if (!Number.isInteger(n) || n === 0)
    throw new PodError('LENGTH_MISMATCH', `${x.length} values do not fall into rows of ${features} features`)
  const gram = new Float64Array(features * features)
  for (let i = 0; i < n; i++)
    for (let a = 0; a < features; a++)
      for (let b = 0; b <= a; b++) gram[a * features + b] += x[i * features + a] * x[i * features + b]
  for (let a = 0; a < features; a++) for (let b = 0; b < a; b++) gram[b * features + a] = gram[a * features + b]
  return { features, factor: cholesky(gram, features) }
}

/** Returns h(x) = sqrt(x' (X'X)^-1 x) of each row [m, features]. */
export function leverages({ features, factor }: Leverage, x: ArrayLike<number>): Float64Array {
  if (x.length % features !== 0)
    throw new PodError('LENGTH_MISMATCH', `${x.length} values do not fall into rows of ${features} features`)
  const z = new Float64Array(features)
  return Float64Array.from({ length: x.length / features }, (_, i) => {
    // |L^-1 x|, by substitution
    let square = 0
    for (let a = 0; a < features; a++) {
      let sum = x[i * features + a]
      for (let b = 0; b < a; b++) sum -= factor[a * features + b] * z[b]
      z[a] = sum / factor[a * features + a]
      square += z[a] * z[a]
    }
    return Math.sqrt(square)
  })
}

/**
 * Returns the sigma of the score `normalised` that weighs residuals by leverage, |y - prediction| w(h): 1 / w(h), with
 * w(h) = (1 + h)^-1/2 unless another is given. Source: puncc 0.9.3 `LeverageWeightedCP`.
 */
export const leverageSigma = (
  fitted: Leverage,
  x: ArrayLike<number>,
  { weight = (h: number): number => (1 + h) ** -0.5 }: { readonly weight?: (h: number) => number } = {},
): Float64Array => leverages(fitted, x).map((h) => 1 / weight(h))
