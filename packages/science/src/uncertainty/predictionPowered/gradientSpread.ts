import { cholesky, choleskySolve } from '@mlpod/math'

/** A generalized linear model with its canonical link, by its cumulant function and two derivatives. */
export interface Family {
  cumulant(z: number): number
  mean(z: number): number
  variance(z: number): number
}

const logistic = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)))

/** The families by name. */
export const FAMILIES = {
  linear: { cumulant: (z) => (z * z) / 2, mean: (z) => z, variance: () => 1 },
  logistic: {
    cumulant: (z) => Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))),
    mean: logistic,
    variance: (z) => logistic(z) * (1 - logistic(z)),
  },
  poisson: { cumulant: Math.exp, mean: Math.exp, variance: Math.exp },
} as const satisfies Readonly<Record<string, Family>>

/** Labels, predictions and features of the labelled rows, and predictions and features of the others. */
export interface RegressionRows {
  readonly labels: ArrayLike<number>
  readonly predictions: ArrayLike<number>
  readonly unlabelled: ArrayLike<number>
  readonly x: ArrayLike<number>
  readonly xOther: ArrayLike<number>
  readonly n: number
  readonly others: number
  readonly d: number
}

/** x w of a row. */
export const product = (x: ArrayLike<number>, row: number, w: ArrayLike<number>, d: number): number => {
  let z = 0
  for (let j = 0; j < d; j++) z += x[row * d + j] * w[j]
  return z
}

/** Where an element of a [d, d] matrix goes when it is turned over. */
export const transposed = (at: number, d: number): number => (at % d) * d + Math.floor(at / d)

/** A m A of symmetric matrices. */
export function sandwich(a: Float64Array, m: Float64Array, d: number): Float64Array {
  const times = (p: Float64Array, q: Float64Array): Float64Array =>
    Float64Array.from({ length: d * d }, (_, at) => {
      let sum = 0
      for (let k = 0; k < d; k++) sum += p[Math.floor(at / d) * d + k] * q[k * d + (at % d)]
      return sum
    })
  return times(times(a, m), a)
}

/** Covariances of the gradients of single rows at a place, and the inverse of the mean second derivative. */
export function gradientSpread(
  { labels, predictions, unlabelled, x, xOther, n, others, d }: RegressionRows,
  family: Family,
  w: Float64Array,
  trust: number,
) {
  const gradients = (rows: number, features: ArrayLike<number>, target: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(rows * d)
    for (let i = 0; i < rows; i++) {
      const slope = family.mean(product(features, i, w, d)) - target[i]
      for (let j = 0; j < d; j++) out[i * d + j] = slope * features[i * d + j]
    }
    return out
  }
  const [byLabel, byPrediction] = [gradients(n, x, labels), gradients(n, x, predictions)]
  const byOther = gradients(others, xOther, unlabelled)
  const second = new Float64Array(d * d)
  const curve = (rows: number, features: ArrayLike<number>, share: number): void => {
    for (let i = 0; i < rows && share !== 0; i++) {
      const c = (share / rows) * family.variance(product(features, i, w, d))
      for (let j = 0; j < d; j++)
        for (let k = 0; k < d; k++) second[j * d + k] += c * features[i * d + j] * features[i * d + k]
    }
  }
  curve(n, x, 1 - trust)
  curve(others, xOther, trust)
  const identity = new Float64Array(d * d)
  for (let j = 0; j < d; j++) identity[j * d + j] = 1
  return {
    spread: {
      label: covariance(byLabel, byLabel, n, d),
      prediction: covariance(byPrediction, byPrediction, n, d),
      cross: covariance(byLabel, byPrediction, n, d),
      other: covariance(byOther, byOther, others, d),
    },
    inverse: choleskySolve(cholesky(second, d), d, identity, d),
  }
}

function covariance(a: Float64Array, b: Float64Array, rows: number, d: number): Float64Array {
  const means = [a, b].map((m) =>
    Float64Array.from({ length: d }, (_, j) => {
      let sum = 0
      for (let i = 0; i < rows; i++) sum += m[i * d + j]
      return sum / rows
    }),
  )
  return Float64Array.from({ length: d * d }, (_, at) => {
    const [j, k] = [Math.floor(at / d), at % d]
    let sum = 0
    for (let i = 0; i < rows; i++) sum += (a[i * d + j] - means[0][j]) * (b[i * d + k] - means[1][k])
    return sum / (rows - 1)
  })
}
