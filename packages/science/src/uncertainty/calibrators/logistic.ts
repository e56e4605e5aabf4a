import { type ConvexMinimum, minimizeConvex } from '@mlpod/math'

/** Returns 1 / (1 + exp(-z)) without overflow. */
export const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)))

/** log(1 + exp(z)) without overflow. */
const softplus = (z: number): number => Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z)))

/**
 * Returns the weights w that minimise the weighted mean log loss of sigmoid(sum w_j columns_j) against targets in [0, 1].
 * Converged to a slope of 1e-12; a constant column is one of the columns.
 */
export function fitLogistic(
  columns: readonly Float64Array[],
  targets: ArrayLike<number>,
  weights: ArrayLike<number>,
  start: Float64Array = new Float64Array(columns.length),
): ConvexMinimum {
  const n = targets.length
  let total = 0
  for (let i = 0; i < n; i++) total += weights[i]
  return minimizeConvex(
    start,
    (w) => {
      const [curvature, gradient] = [new Float64Array(n), new Float64Array(w.length)]
      let value = 0
      for (let i = 0; i < n; i++) {
        let z = 0
        for (let j = 0; j < w.length; j++) z += w[j] * columns[j][i]
        const p = sigmoid(z)
        const share = weights[i] / total
        value += share * (softplus(z) - targets[i] * z)
        curvature[i] = share * p * (1 - p)
        for (let j = 0; j < w.length; j++) gradient[j] += share * (p - targets[i]) * columns[j][i]
      }
      return {
        value,
        gradient,
        hessianProduct(v) {
          const out = new Float64Array(w.length)
          for (let i = 0; i < n; i++) {
            let z = 0
            for (let j = 0; j < w.length; j++) z += v[j] * columns[j][i]
            for (let j = 0; j < w.length; j++) out[j] += curvature[i] * z * columns[j][i]
          }
          return out
        },
      }
    },
    { tolerance: 1e-12 },
  )
}
