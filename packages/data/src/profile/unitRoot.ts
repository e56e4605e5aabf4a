import { cholesky, choleskySolve, normalCdf } from '@mlpod/math'

/** A test of a series. */
export interface SeriesTest {
  readonly statistic: number
  readonly pValue: number
  /** Lags that it looked at. */
  readonly lag: number
}

/**
 * Returns the augmented Dickey-Fuller test of a unit root, with a constant, lags chosen by AIC; null for series that are constant or too
 * short. A small p-value speaks for a stationary series. Source: MacKinnon (1994); statsmodels 0.15 `adfuller`.
 */
export function dickeyFuller(x: Float64Array): SeriesTest | null {
  const n = x.length
  const most = Math.min(Math.floor(n / 2) - 2, Math.ceil(12 * (n / 100) ** 0.25))
  if (most < 0 || x.every((value) => value === x[0])) return null
  const all = differences(x, most)
  let [lag, best] = [0, Infinity]
  for (const [k, squares] of residuals(all).entries()) {
    const aic = all.rows * Math.log(squares / all.rows) + 2 * (k + 2)
    if (aic < best) [lag, best] = [k, aic]
  }
  const { gram, size, rows } = differences(x, lag)
  const regressors = size - 1
  // the Gram matrix of the regressors, and their products with the response in its last row
  const inner = new Float64Array(regressors * regressors)
  for (let i = 0; i < regressors; i++)
    for (let j = 0; j < regressors; j++) inner[i * regressors + j] = gram[i * size + j]
  const factor = cholesky(inner, regressors)
  const products = Float64Array.from({ length: regressors }, (_, i) => gram[regressors * size + i])
  const slopes = choleskySolve(factor, regressors, products)
  const first = choleskySolve(
    factor,
    regressors,
    Float64Array.from({ length: regressors }, (_, i) => (i === 0 ? 1 : 0)),
  )
  let squares = gram[size * size - 1]
  for (let i = 0; i < regressors; i++) squares -= slopes[i] * products[i]
  const statistic = slopes[0] / Math.sqrt((squares / (rows - regressors - 1)) * first[0])
  return Number.isFinite(statistic) ? { statistic, pValue: mackinnon(statistic), lag } : null
}

/** Products of the centred columns: level, differences before, and last the difference itself. */
function differences(x: Float64Array, lags: number) {
  const size = lags + 2
  const rows = x.length - 1 - lags
  const column = (j: number, t: number): number => {
    if (j === 0) return x[t]
    const at = j === size - 1 ? t : t - j
    return x[at + 1] - x[at]
  }
  const columns = Array.from({ length: size }, (_, j) => {
    const values = Float64Array.from({ length: rows }, (__, i) => column(j, i + lags))
    const mean = values.reduce((sum, value) => sum + value, 0) / rows
    return values.map((value) => value - mean)
  })
  const gram = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      const [a, b] = [columns[i], columns[j]]
      let sum = 0
      for (let t = 0; t < rows; t++) sum += a[t] * b[t]
      gram[i * size + j] = sum
      gram[j * size + i] = sum
    }
  return { gram, size, rows }
}

/** Sums of squares that are left with the first 0, 1, 2, ... lags: one factor holds them all. */
function residuals({ gram, size }: { readonly gram: Float64Array; readonly size: number }): number[] {
  const factor = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = gram[i * size + j]
      for (let k = 0; k < j; k++) sum -= factor[i * size + k] * factor[j * size + k]
      factor[i * size + j] =
        i === j ? Math.sqrt(Math.max(sum, 0)) : factor[j * size + j] > 0 ? sum / factor[j * size + j] : 0
    }
  const response = (size - 1) * size
  let left = gram[response + size - 1]
  return Array.from({ length: size - 1 }, (_, k) => {
    left -= factor[response + k] ** 2
    return left
  })
}

const polynomial = (x: number, coefficients: readonly number[]): number =>
  coefficients.reduceRight((value, c) => value * x + c, 0)

/** The law of the statistic, by MacKinnon's response surface for one series and a constant. */
function mackinnon(statistic: number): number {
  if (statistic > 2.74) return 1
  if (statistic < -18.83) return 0
  return normalCdf(
    polynomial(statistic, statistic <= -1.61 ? [2.1659, 1.4412, 0.038269] : [1.7339, 0.93202, -0.12745, -0.010368]),
  )
}

const CRITICAL = [0.347, 0.463, 0.574, 0.739]
const LEVELS = [0.1, 0.05, 0.025, 0.01]

/**
 * Returns the test of Kwiatkowski, Phillips, Schmidt and Shin that a series is stationary about a level: a small p-value speaks against
 * it. p-values lie between 0.01 and 0.1, as its table does. null of a constant series. Source: Hobijn, Franses, Ooms (1998) for the lags; statsmodels 0.15
 * `kpss`.
 */
export function kpss(x: Float64Array): SeriesTest | null {
  const n = x.length
  if (n < 3) return null
  const mean = x.reduce((sum, value) => sum + value, 0) / n
  const r = x.map((value) => value - mean)
  const product = (lag: number): number => {
    let sum = 0
    for (let t = lag; t < n; t++) sum += r[t] * r[t - lag]
    return sum
  }
  let [level, slope] = [product(0) / n, 0]
  for (let i = 1; i <= Math.floor(n ** (2 / 9)); i++) {
    const share = product(i) / (n / 2)
    level += share
    slope += i * share
  }
  const lag = Math.min(n - 1, Math.floor(1.1447 * Math.cbrt((slope / level) ** 2) * Math.cbrt(n)))
  let [walk, squares] = [0, 0]
  for (const value of r) {
    walk += value
    squares += walk * walk
  }
  let spread = product(0)
  for (let i = 1; i <= lag; i++) spread += 2 * product(i) * (1 - i / (lag + 1))
  const statistic = squares / n ** 2 / (spread / n)
  if (!Number.isFinite(statistic)) return null
  const after = CRITICAL.findIndex((critical) => statistic <= critical)
  if (after === 0) return { statistic, pValue: LEVELS[0], lag }
  if (after < 0) return { statistic, pValue: LEVELS[3], lag }
  const part = (statistic - CRITICAL[after - 1]) / (CRITICAL[after] - CRITICAL[after - 1])
  return { statistic, pValue: LEVELS[after - 1] + part * (LEVELS[after] - LEVELS[after - 1]), lag }
}

/** Returns the autocorrelations at lags 0, 1, ... Source: statsmodels `acf`. */
export function autocorrelations(x: Float64Array, lags: number): number[] {
  const n = x.length
  const mean = x.reduce((sum, value) => sum + value, 0) / n
  const r = x.map((value) => value - mean)
  const at = (lag: number): number => {
    let sum = 0
    for (let t = lag; t < n; t++) sum += r[t] * r[t - lag]
    return sum
  }
  const whole = at(0)
  return Array.from({ length: Math.min(lags, n - 1) + 1 }, (_, lag) => (lag === 0 ? 1 : at(lag) / whole))
}
