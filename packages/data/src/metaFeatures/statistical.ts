import { quantile, shapiroWilk, singularValues, spread, symmetricEigen, variance } from '@mlpod/math'
import type { MetaGroup } from './group.ts'
import { kurtosisOf, skewnessOf } from './summaries.ts'
import type { MetaTable } from './table.ts'

const each =
  (of: (column: Float64Array) => number) =>
  (t: MetaTable): number[] =>
    t.numbers.map(of)
const mean = (v: Float64Array): number => spread(v).mean
const min = (v: Float64Array): number => spread(v).min
const max = (v: Float64Array): number => spread(v).max

/** Covariance of columns, divided by n - 1. */
export function covariance(columns: readonly Float64Array[]): Float64Array {
  const d = columns.length
  const means = columns.map(mean)
  const n = columns[0]?.length ?? 0
  const found = new Float64Array(d * d)
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let k = 0; k < n; k++) sum += (columns[i][k] - means[i]) * (columns[j][k] - means[j])
      found[i * d + j] = found[j * d + i] = sum / (n - 1)
    }
  return found
}

const below = (matrix: Float64Array, d: number, of: (value: number, i: number, j: number) => number): number[] => {
  const found: number[] = []
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) found.push(of(matrix[i * d + j], i, j))
  return found
}

function correlations({ numbers }: MetaTable): number[] {
  const d = numbers.length
  const c = covariance(numbers)
  return below(c, d, (value, i, j) => Math.abs(value / Math.sqrt(c[i * d + i] * c[j * d + j])))
}

const byClass = ({ numbers, target, classes }: MetaTable): Float64Array[][] =>
  classes.map((_, k) => numbers.map((column) => column.filter((_, i) => target.codes[i] === k)))

/** Directions of a set of columns with their variance taken out: rows of the whitening of its covariance. */
function whitening(columns: readonly Float64Array[]): { rows: Float64Array; rank: number } {
  const d = columns.length
  const { values, vectors } = symmetricEigen(covariance(columns), d)
  const rank = values.filter((v) => v > 1e-10 * Math.max(values[0], 1e-300)).length
  return { rows: vectors.subarray(0, rank * d).map((v, at) => v / Math.sqrt(values[Math.floor(at / d)])), rank }
}

/** Correlations of the best linear combinations of the attributes with those of the classes, by whitening both and one decomposition. */
function canonical(t: MetaTable): number[] {
  const indicators = t.classes.map((_, k) => Float64Array.from(t.target.codes, (code) => Number(code === k)))
  const [a, b] = [whitening(t.numbers), whitening(indicators)]
  if (a.rank === 0 || b.rank === 0) return []
  const [d, k] = [t.numbers.length, indicators.length]
  const both = covariance([...t.numbers, ...indicators])
  const cross = new Float64Array(a.rank * b.rank)
  for (let i = 0; i < a.rank; i++)
    for (let j = 0; j < b.rank; j++) {
      let sum = 0
      for (let p = 0; p < d; p++)
        for (let q = 0; q < k; q++) sum += a.rows[i * d + p] * both[p * (d + k) + d + q] * b.rows[j * k + q]
      cross[i * b.rank + j] = sum
    }
  return Array.from(singularValues(cross, a.rank, b.rank).values)
    .slice(0, Math.min(k, d))
    .filter((rho) => rho > 1e-10)
    .map((rho) => Math.min(1, rho))
}

const strengths = (t: MetaTable): number[] => canonical(t).map((rho) => rho ** 2 / (1 - rho ** 2))
const sum = (list: readonly number[]): number => list.reduce((total, v) => total + v, 0)

/** Sum of the logarithms of the eigenvalues; NaN where the matrix is singular. */
const logDeterminant = (matrix: Float64Array, d: number): number => {
  const values = symmetricEigen(matrix, d).values
  return values.some((v) => v <= 1e-12 * Math.max(1e-300, values[0])) ? Number.NaN : sum(Array.from(values, Math.log))
}

/** How unequal the classes' covariances are: exp of Box's M over its freedom. */
function homogeneity(t: MetaTable): number {
  const d = t.numbers.length
  const k = t.classes.length
  const freedom = t.classes.map((count) => count - 1)
  const parts = byClass(t).map(covariance)
  const whole = sum(freedom)
  const pooled = new Float64Array(d * d)
  for (const [c, part] of parts.entries()) for (const [at, v] of part.entries()) pooled[at] += (freedom[c] * v) / whole
  const gamma = 1 - ((2 * d * d + 3 * d - 1) / (6 * (d + 1) * (k - 1))) * (sum(freedom.map((f) => 1 / f)) - 1 / whole)
  const m =
    gamma * (whole * logDeterminant(pooled, d) - sum(parts.map((part, c) => freedom[c] * logDeterminant(part, d))))
  return Number.isFinite(m) ? Math.exp(m / (d * whole)) : Number.NaN
}

/** Distance of the centres of the most and the least frequent class. */
function gravity(t: MetaTable): number {
  const most = t.classes.indexOf(Math.max(...t.classes))
  const others = t.classes.map((count, k) => (k === most ? Infinity : count))
  const least = others.indexOf(Math.min(...others))
  if (t.classes.length < 2) return Number.NaN
  const parts = byClass(t)
  return Math.sqrt(sum(parts[most].map((column, j) => (mean(column) - mean(parts[least][j])) ** 2)))
}

function geometric(v: Float64Array): number {
  const low = min(v)
  if (low < 0) return Number.NaN
  return low < 1e-10 ? 0 : Math.exp(v.reduce((total, x) => total + Math.log(x), 0) / v.length)
}

function harmonic(v: Float64Array): number {
  const low = min(v)
  if (low < 0) return Number.NaN
  return low === 0 ? 0 : v.length / v.reduce((total, x) => total + 1 / x, 0)
}

function trimmed(v: Float64Array): number {
  const cut = Math.trunc(0.2 * v.length)
  return mean(
    v
      .slice()
      .sort()
      .subarray(cut, v.length - cut),
  )
}

const deviation = (v: Float64Array): number => {
  const center = quantile(v, 0.5)
  return (
    1.4826 *
    quantile(
      v.map((x) => Math.abs(x - center)),
      0.5,
    )
  )
}

/** Rows the test of normality looks at. */
const NORMALITY_ROWS = 5000

/** Moments, order statistics and relations of the columns. Source: pymfe 0.4, group `statistical`; `sd_ratio` after Box (1949). */
export const statistical = {
  mean: each(mean),
  median: each((v) => quantile(v, 0.5)),
  min: each(min),
  max: each(max),
  range: each((v) => max(v) - min(v)),
  sd: each((v) => Math.sqrt(variance(spread(v)))),
  var: each((v) => variance(spread(v))),
  iq_range: each((v) => quantile(v, 0.75) - quantile(v, 0.25)),
  mad: each(deviation),
  t_mean: each(trimmed),
  g_mean: each(geometric),
  h_mean: each(harmonic),
  skewness: each(skewnessOf),
  kurtosis: each(kurtosisOf),
  cor: correlations,
  cov: ({ numbers }) => below(covariance(numbers), numbers.length, Math.abs),
  eigenvalues: ({ numbers }) => symmetricEigen(covariance(numbers), numbers.length).values,
  nr_cor_attr: (t) => {
    const found = correlations(t)
    return found.filter((r) => r >= 0.5).length / found.length
  },
  nr_outliers: ({ numbers }) =>
    numbers.filter((v) => {
      const [q1, q3] = [quantile(v, 0.25), quantile(v, 0.75)]
      const reach = 1.5 * (q3 - q1)
      return min(v) < q1 - reach || max(v) > q3 + reach
    }).length,
  nr_norm: ({ numbers }) =>
    numbers.filter((v) => min(v) < max(v) && shapiroWilk(v.subarray(0, NORMALITY_ROWS)).pValue > 0.05).length,
  sparsity: ({ attributes, n }) => attributes.map(({ distinct }) => (n / distinct - 1) / (n - 1)),
  gravity,
  can_cor: canonical,
  nr_disc: (t) => canonical(t).length,
  w_lambda: (t) => (strengths(t).length === 0 ? Number.NaN : Math.exp(-sum(strengths(t).map(Math.log1p)))),
  p_trace: (t) => (canonical(t).length === 0 ? Number.NaN : sum(canonical(t).map((rho) => rho ** 2))),
  lh_trace: (t) => (strengths(t).length === 0 ? Number.NaN : sum(strengths(t))),
  roy_root: (t) => (strengths(t).length === 0 ? Number.NaN : Math.max(...strengths(t))),
  sd_ratio: homogeneity,
} as const satisfies MetaGroup
